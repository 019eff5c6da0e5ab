package dev.darkroom.benchmark;

import dev.darkroom.generation.GenerationRequest;
import io.vertx.core.json.JsonObject;
import java.util.Random;

/**
 * What is asked for.
 *
 * @param name for people
 * @param request every field given, so that the service has nothing to add
 */
record PromptWorkload(String name, GenerationRequest request) {
    private static final Random RANDOM = new Random(1);

    /** As most are: a few sentences. */
    static PromptWorkload typical() {
        return new PromptWorkload("usual", of(text(240), text(40)));
    }

    /** As long as the contract allows. */
    static PromptWorkload maximum() {
        return new PromptWorkload("largest prompts", of(text(4_000), text(4_000)));
    }

    /** Words that never were, since PostgreSQL would press a sentence said forty times to nothing. */
    private static String text(int length) {
        StringBuilder text = new StringBuilder();
        while (text.length() < length) {
            text.append(RANDOM.nextInt(5) == 0 ? ' ' : (char) ('a' + RANDOM.nextInt(26)));
        }
        return text.toString();
    }

    private static GenerationRequest of(String prompt, String negativePrompt) {
        JsonObject metadata = new JsonObject().put("project", "harbour").put("page", "12");
        return new GenerationRequest(prompt, negativePrompt, 1024, 768, 1, 42, null, metadata, 0);
    }

    /** The body of the POST. */
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
