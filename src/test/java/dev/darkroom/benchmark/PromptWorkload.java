package dev.darkroom.benchmark;

import dev.darkroom.backend.InputImages;
import dev.darkroom.generation.GenerationRequest;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Random;

/**
 * Generation request of a benchmark.
 *
 * @param name for the report
 * @param request with a value for every field, so that the service adds no defaults
 */
record PromptWorkload(String name, GenerationRequest request) {
    private static final Random RANDOM = new Random(1);

    /** Returns a request with prompts of typical length, a few sentences. */
    static PromptWorkload typical() {
        return new PromptWorkload("usual", of(text(240), text(40)));
    }

    /** Returns a request with two prompts of 4,000 characters. */
    static PromptWorkload longPrompts() {
        return new PromptWorkload("long prompts", of(text(4_000), text(4_000)));
    }

    /** Returns random words, since PostgreSQL would compress repeated text. */
    private static String text(int length) {
        StringBuilder text = new StringBuilder();
        while (text.length() < length) {
            text.append(RANDOM.nextInt(5) == 0 ? ' ' : (char) ('a' + RANDOM.nextInt(26)));
        }
        return text.toString();
    }

    private static GenerationRequest of(String prompt, String negativePrompt) {
        Map<String, String> metadata = Map.of("project", "harbour", "page", "12");
        return new GenerationRequest(
                prompt, negativePrompt, 1024, 768, 1, 42, null, metadata, null, InputImages.NONE, 0);
    }

    /** Returns the request body. */
    String json() {
        return new JsonObject()
                .put("prompt", request.prompt())
                .put("negativePrompt", request.negativePrompt())
                .put("width", request.width())
                .put("height", request.height())
                .put("count", request.count())
                .put("seed", request.seed())
                .put("metadata", request.metadata())
                .encode();
    }
}
