package dev.darkroom.backend;

import io.vertx.core.json.JsonObject;

/**
 * Request for images, independent of any protocol. Immutable.
 *
 * @param key idempotency key, the same for every attempt of a generation, so that an AI server with support for
 *     idempotency keys does the work once; never null
 * @param prompt never null or blank
 * @param negativePrompt null when there is none
 * @param width in pixels
 * @param height in pixels
 * @param count number of images, at least 1
 * @param seed 0 to 2^31-1; chosen before the first attempt, so that a retry requests the same image
 * @param model null for the default model of the AI server
 * @param parameters further members of the request, valid for the AI server; must not be changed. Null when there are none
 * @param inputs images that the request is based on; never null
 * @param priority of the generation among those of its user, as in {@code openapi.yaml}; a smaller value goes first
 */
public record ImageRequest(
        String key,
        String prompt,
        String negativePrompt,
        int width,
        int height,
        int count,
        long seed,
        String model,
        JsonObject parameters,
        InputImages inputs,
        int priority) {

    /** Returns the request with other input images. */
    public ImageRequest withInputs(InputImages images) {
        return new ImageRequest(
                key, prompt, negativePrompt, width, height, count, seed, model, parameters, images, priority);
    }

    /** @param name of the model at the AI server; null for its default */
    public ImageRequest withModel(String name) {
        return new ImageRequest(
                key, prompt, negativePrompt, width, height, count, seed, name, parameters, inputs, priority);
    }

    /** Returns a new object with the parameters, to which a protocol adds its own members; empty when there are none. */
    public JsonObject copyParameters() {
        return parameters == null ? new JsonObject() : parameters.copy();
    }

    /** Returns the parameter {@code quality}, on which prices may depend; null when there is none. */
    public String quality() {
        return parameters != null && parameters.getValue("quality") instanceof String quality ? quality : null;
    }
}
