package dev.darkroom.backend.replicate;

import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.http.PromptSanitizer;
import dev.darkroom.config.Settings;
import io.vertx.core.json.JsonObject;
import java.util.function.UnaryOperator;

/**
 * Names of the inputs of a model. Each model chooses its own. A field without a name is not sent. Immutable.
 *
 * @param prompt never null
 * @param negativePrompt null when the model has none
 * @param seed null when the model has none
 * @param width in pixels; null when the model has none
 * @param height in pixels; null when the model has none
 * @param count number of images; null when the model has none
 */
public record InputFields(
        String prompt, String negativePrompt, String seed, String width, String height, String count) {

    /** The names that most image models use. */
    public static final InputFields DEFAULT =
            new InputFields("prompt", "negative_prompt", "seed", "width", "height", "num_outputs");

    /** Returns the body of a submission: {@code {"input":{…}}}. */
    JsonObject createBody(ImageRequest request, Settings.PromptSanitizing controls) {
        UnaryOperator<String> sanitizer =
                controls == Settings.PromptSanitizing.PASS ? text -> text : PromptSanitizer::sanitize;
        JsonObject input = new JsonObject();
        put(input, prompt, sanitizer.apply(request.prompt()));
        put(input, negativePrompt, sanitizer.apply(request.negativePrompt()));
        put(input, seed, request.seed());
        put(input, width, request.width());
        put(input, height, request.height());
        put(input, count, request.count());
        return new JsonObject().put("input", input);
    }

    private static void put(JsonObject input, String name, Object value) {
        if (name != null && value != null) {
            input.put(name, value);
        }
    }
}
