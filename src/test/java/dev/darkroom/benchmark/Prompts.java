package dev.darkroom.benchmark;

import dev.darkroom.generation.GenerationRequest;
import io.vertx.core.json.JsonObject;

/**
 * What is asked for.
 *
 * @param name for people
 * @param request every field given, so that the service has nothing to add
 */
record Prompts(String name, GenerationRequest request) {
    private static final String SENTENCE = "A lighthouse at dusk, oil on canvas, waves against the rocks, warm light in"
            + " the windows, gulls over the pier. ";

    /** As most are: a few sentences. */
    static Prompts usual() {
        return new Prompts("usual", of(SENTENCE.repeat(2).strip(), "people, text, frames", 1));
    }

    /** As long as the contract allows. */
    static Prompts largest() {
        String text = SENTENCE.repeat(40).substring(0, 4_000);
        return new Prompts("largest prompts", of(text.strip(), text.strip(), 1));
    }

    private static GenerationRequest of(String prompt, String negativePrompt, int count) {
        JsonObject metadata = new JsonObject().put("project", "harbour").put("page", "12");
        return new GenerationRequest(prompt, negativePrompt, 1024, 768, count, 42, null, metadata);
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
