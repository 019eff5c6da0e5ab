package dev.darkroom.backend.bfl;

import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.NumberRange;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.backend.http.PromptSanitizer;
import dev.darkroom.config.BackendSettings.PromptSanitizing;
import io.vertx.core.json.JsonObject;
import java.math.BigInteger;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Creates submissions. Pure functions.
 *
 * <p>Source: <a href="https://api.bfl.ai/openapi.json">OpenAPI document of the API</a>, the inputs of the text-to-image endpoints.
 */
final class BflRequestFactory {
    /** Fields that Darkroom writes, and fields with which the result goes to another server. */
    static final Set<String> RESERVED =
            Set.of("prompt", "width", "height", "aspect_ratio", "seed", "webhook_url", "webhook_secret");

    /** Name of an endpoint, such as {@code flux-2-pro} or {@code flux-pro-1.1}. */
    private static final Pattern MODEL = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");

    /** Models of FLUX.1 that make images of the requested size. */
    private static final Set<String> FIRST_GENERATION = Set.of("flux-dev", "flux-pro", "flux-pro-1.1");

    private static final NumberRange FIRST_GENERATION_SIDE = NumberRange.between(256, 1440);
    private static final NumberRange SIDE = NumberRange.between(64, Integer.MAX_VALUE);
    private static final NumberRange ANY_SIDE = NumberRange.between(1, Integer.MAX_VALUE);

    private BflRequestFactory() {}

    /** Returns whether a text names a model. */
    static boolean isModel(String text) {
        return text != null && MODEL.matcher(text).matches();
    }

    /** Returns the limits of a model: one image, no negative prompt. */
    static RequestLimits limits(String model) {
        NumberRange side = model != null && FIRST_GENERATION.contains(model)
                ? FIRST_GENERATION_SIDE
                : model != null && takesAspectRatio(model) ? ANY_SIDE : SIDE;
        return new RequestLimits(
                Integer.MAX_VALUE, side, side, List.of(), NumberRange.between(1, 1), RequestLimits.SEEDS, false);
    }

    /** The models choose the size of the image for a ratio of width and height. */
    private static boolean takesAspectRatio(String model) {
        return model.contains("kontext") || model.endsWith("-ultra");
    }

    static JsonObject createBody(ImageRequest request, PromptSanitizing sanitizing) {
        JsonObject body = request.copyParameters()
                .put(
                        "prompt",
                        sanitizing == PromptSanitizing.PASS
                                ? request.prompt()
                                : PromptSanitizer.sanitize(request.prompt()))
                .put("seed", request.seed());
        if (!takesAspectRatio(request.model())) {
            return body.put("width", request.width()).put("height", request.height());
        }
        int divisor = BigInteger.valueOf(request.width())
                .gcd(BigInteger.valueOf(request.height()))
                .intValue();
        return body.put("aspect_ratio", request.width() / divisor + ":" + request.height() / divisor);
    }
}
