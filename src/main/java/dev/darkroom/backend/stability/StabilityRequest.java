package dev.darkroom.backend.stability;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.NumberRange;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.JobFailures;
import dev.darkroom.backend.http.PromptSanitizer;
import dev.darkroom.config.BackendSettings.PromptSanitizing;
import dev.darkroom.http.MultipartBody;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * A submission: the endpoint of a model and its form. Not thread-safe.
 *
 * <p>Source: <a href="https://platform.stability.ai/docs/api-reference">API reference</a>, the text-to-image endpoints, and its
 * OpenAPI document, {@code https://api.stability.ai/v2alpha/openapi}.
 *
 * @param path below the base URL
 */
record StabilityRequest(String path, MultipartBody form) {
    /** Fields that Darkroom writes, and fields of image-to-image. */
    static final Set<String> RESERVED =
            Set.of("prompt", "negative_prompt", "aspect_ratio", "seed", "model", "mode", "image", "mask", "strength");

    private static final Pattern MODEL = Pattern.compile("[a-z0-9][a-z0-9.-]{0,99}");
    private static final String PREFIX = "stable-image-";

    /** Models of Stable Diffusion 3 and 3.5 share an endpoint. */
    private static final String STABLE_DIFFUSION = "sd3";

    private static final int MAX_PROMPT_LENGTH = 10_000;
    private static final int EXPECTED_BYTES = 4_096;

    /** 0 requests a random seed. */
    private static final NumberRange SEED = NumberRange.between(1, Integer.MAX_VALUE);

    private static final BackendFailure SIZE_NOT_SUPPORTED = BackendFailure.of(
            FailureClass.TERMINAL_INPUT,
            "SIZE_NOT_SUPPORTED",
            "The AI server does not make images with this ratio of width and height.");

    /** Returns the limits of a model: one image, the sizes with an accepted ratio. */
    static RequestLimits limits(String model) {
        NumberRange side = NumberRange.between(1, Integer.MAX_VALUE);
        return new RequestLimits(
                MAX_PROMPT_LENGTH,
                side,
                side,
                AspectRatio.SIZES,
                NumberRange.between(1, 1),
                SEED,
                model == null || !takesNoNegativePrompt(model));
    }

    private static boolean takesNoNegativePrompt(String model) {
        return model.startsWith(STABLE_DIFFUSION) && model.contains("turbo");
    }

    /** @throws BackendCallException when the model or the size is invalid */
    static StabilityRequest of(ImageRequest request, PromptSanitizing sanitizing) {
        if (request.model() == null || !MODEL.matcher(request.model()).matches()) {
            throw new BackendCallException(JobFailures.MODEL_REQUIRED);
        }
        if (request.count() > 1) {
            throw new BackendCallException(JobFailures.ONE_IMAGE_ONLY);
        }
        String aspectRatio = AspectRatio.find(request.width(), request.height());
        if (aspectRatio == null) {
            throw new BackendCallException(SIZE_NOT_SUPPORTED);
        }
        String model =
                request.model().startsWith(PREFIX) ? request.model().substring(PREFIX.length()) : request.model();
        boolean stableDiffusion = model.startsWith(STABLE_DIFFUSION);
        UnaryOperator<String> sanitizer =
                sanitizing == PromptSanitizing.PASS ? text -> text : PromptSanitizer::sanitize;
        MultipartBody form = new MultipartBody(EXPECTED_BYTES);
        JsonObject parameters = request.copyParameters();
        RESERVED.forEach(parameters::remove);
        parameters.forEach(parameter -> form.addText(parameter.getKey(), toText(parameter.getValue())));
        form.addText("prompt", sanitizer.apply(request.prompt()))
                .addText("aspect_ratio", aspectRatio)
                .addText("seed", String.valueOf(request.seed()));
        if (request.negativePrompt() != null) {
            form.addText("negative_prompt", sanitizer.apply(request.negativePrompt()));
        }
        if (stableDiffusion && !model.equals(STABLE_DIFFUSION)) {
            form.addText("model", model);
        }
        return new StabilityRequest(
                "/v2beta/stable-image/generate/" + (stableDiffusion ? STABLE_DIFFUSION : model), form);
    }

    private static String toText(Object value) {
        return value instanceof JsonObject || value instanceof JsonArray ? Json.encode(value) : String.valueOf(value);
    }
}
