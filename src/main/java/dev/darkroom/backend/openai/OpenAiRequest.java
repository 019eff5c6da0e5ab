package dev.darkroom.backend.openai;

import dev.darkroom.backend.ImageRequest;
import dev.darkroom.config.Settings;
import io.vertx.core.json.JsonObject;
import java.util.function.UnaryOperator;

/** Builds the body of {@code POST /images/generations}. */
final class OpenAiRequest {

    private OpenAiRequest() {}

    static JsonObject of(ImageRequest request, Settings.PromptControls controls) {
        UnaryOperator<String> guard =
                controls == Settings.PromptControls.PASS ? prompt -> prompt : PromptGuard::neutralised;
        String model = request.model() == null ? "" : request.model();
        boolean gptImage = model.startsWith("gpt-image");
        JsonObject body = new JsonObject();
        if (!model.isEmpty()) {
            body.put("model", model);
        }
        body.put("prompt", guard.apply(request.prompt()));
        if (request.negativePrompt() != null) {
            body.put("negative_prompt", guard.apply(request.negativePrompt()));
        }
        body.put("n", request.count()).put("size", request.width() + "x" + request.height());
        // OpenAI's own models refuse fields they do not know. Every generation has a seed, most of them chosen by us,
        // so
        // sending it would get every one refused; a negative prompt was asked for and is better refused than dropped.
        if (!gptImage && !model.startsWith("dall-e")) {
            body.put("seed", request.seed());
        }
        // gpt-image models always answer in base64 and refuse to be told so.
        if (!gptImage) {
            body.put("response_format", "b64_json");
        }
        return body;
    }
}
