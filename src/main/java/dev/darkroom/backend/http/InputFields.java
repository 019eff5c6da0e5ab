package dev.darkroom.backend.http;

import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputLimits;
import dev.darkroom.backend.LoadedInputs;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.config.BackendSettings;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Names of the inputs of a model. Each model chooses its own. A field without a name is not sent. Immutable.
 *
 * @param prompt never null
 * @param negativePrompt null when the model has none
 * @param seed null when the model has none
 * @param width in pixels; null when the model has none
 * @param height in pixels; null when the model has none
 * @param count number of images; null when the model has none
 * @param imageSize object with width and height in pixels; null when the model has none
 * @param image data URL of the only input image; null when the model has none, as for the next two
 * @param images list of the data URLs of all input images
 * @param mask data URL of the mask
 */
public record InputFields(
        String prompt,
        String negativePrompt,
        String seed,
        String width,
        String height,
        String count,
        String imageSize,
        String image,
        String images,
        String mask) {

    private static final List<String> FIELDS = List.of(
            "prompt",
            "negative_prompt",
            "seed",
            "width",
            "height",
            "num_outputs",
            "image_size",
            "image",
            "images",
            "mask");

    /** Value of the setting for the default of the protocol. */
    private static final String AUTO = "auto";

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,63}");

    /** The inputs of most models of cog and Replicate. */
    public static final InputFields DEFAULT = parse("prompt, negative_prompt, seed, width, height, num_outputs");

    /**
     * Parses the setting.
     *
     * @param defaults inputs for {@code auto}
     */
    public static InputFields of(BackendSettings settings, InputFields defaults) {
        return settings.inputFields().equals(AUTO) ? defaults : parse(settings.inputFields());
    }

    /**
     * Parses a list of fields separated by commas, such as {@code prompt, seed, num_outputs=num_images}. A name after the equals sign
     * is that of the input, where it differs from the field.
     *
     * @throws IllegalArgumentException when a field is unknown, repeated or has an invalid name, or the prompt is missing
     */
    public static InputFields parse(String text) {
        Map<String, String> names = new HashMap<>();
        for (String entry : text.split(",", -1)) {
            String[] parts = entry.strip().split("\\s*=\\s*", 2);
            String name = parts[parts.length - 1];
            if (!FIELDS.contains(parts[0]) || !NAME.matcher(name).matches() || names.put(parts[0], name) != null) {
                throw new IllegalArgumentException("expected some of " + String.join(", ", FIELDS)
                        + ", each at most once and with an optional =name, got \"" + entry.strip() + "\"");
            }
        }
        if (!names.containsKey("prompt")) {
            throw new IllegalArgumentException("expected the field prompt");
        }
        if (names.containsKey("image") && names.containsKey("images")) {
            throw new IllegalArgumentException("expected only one of the fields image and images");
        }
        return new InputFields(
                names.get("prompt"),
                names.get("negative_prompt"),
                names.get("seed"),
                names.get("width"),
                names.get("height"),
                names.get("num_outputs"),
                names.get("image_size"),
                names.get("image"),
                names.get("images"),
                names.get("mask"));
    }

    /** Returns the inputs of a request, its parameters included. */
    public JsonObject createInput(ImageRequest request, BackendSettings.PromptSanitizing controls) {
        UnaryOperator<String> sanitizer =
                controls == BackendSettings.PromptSanitizing.PASS ? text -> text : PromptSanitizer::sanitize;
        JsonObject input = request.copyParameters();
        put(input, prompt, sanitizer.apply(request.prompt()));
        put(input, negativePrompt, sanitizer.apply(request.negativePrompt()));
        put(input, seed, request.seed());
        put(input, width, request.width());
        put(input, height, request.height());
        put(input, count, request.count());
        put(input, imageSize, new JsonObject().put("width", request.width()).put("height", request.height()));
        return input;
    }

    /** Returns the limits of requests without the fields that are not sent. */
    public RequestLimits limits() {
        int inputImages = images != null ? BackendSettings.MAX_INPUT_IMAGES : image != null ? 1 : 0;
        return RequestLimits.ofFields(count != null, seed != null, negativePrompt != null)
                .withInputs(InputLimits.upTo(inputImages, mask != null));
    }

    /**
     * Encodes and sends the body of a submission, with the inputs of a request and the data URLs of its images.
     *
     * @param outer members of the body; null when the inputs are the body
     * @param member name of the inputs in {@code outer}
     * @param send sends the body
     * @return result of {@code send}; fails when an input image cannot be loaded
     */
    public <R> Future<R> send(
            BackendHttpClient http,
            BackendCallScope scope,
            ImageRequest request,
            BackendSettings.PromptSanitizing controls,
            JsonObject outer,
            String member,
            Function<Buffer, Future<R>> send) {
        JsonObject input = createInput(request, controls);
        return request.inputs().isEmpty()
                ? send.apply((outer == null ? input : outer.put(member, input)).toBuffer())
                : http.sendInputs(scope, request.inputs(), loaded -> encode(input, loaded, outer, member), send);
    }

    private Buffer encode(JsonObject input, LoadedInputs loaded, JsonObject outer, String member) {
        InlineImageBody body = new InlineImageBody(loaded.bytes(), true);
        if (outer == null) {
            body.start(input);
        } else {
            body.start(outer).start(member, input);
        }
        if (images != null) {
            body.addAll(images, loaded.images());
        } else {
            body.add(image, loaded.images().get(0));
        }
        if (loaded.mask() != null) {
            body.add(mask, loaded.mask());
        }
        return body.end();
    }

    /** Returns the names of the inputs that Darkroom writes. */
    public Set<String> names() {
        return Stream.of(prompt, negativePrompt, seed, width, height, count, imageSize, image, images, mask)
                .filter(Objects::nonNull)
                .collect(Collectors.toUnmodifiableSet());
    }

    private static void put(JsonObject input, String name, Object value) {
        if (name != null && value != null) {
            input.put(name, value);
        }
    }
}
