package dev.darkroom.simulator.replicate;

import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/**
 * OpenAPI document of the simulated model. Sources: {@code GET /openapi.json} in {@code docs/http.md} of cog, and {@code openapi_schema} of
 * {@code models.get} and {@code models.versions.get} in the OpenAPI document of Replicate. An input with choices refers to a schema.
 */
final class ModelSchema {
    private static final int MAX_COUNT = 10;

    private ModelSchema() {}

    static JsonObject document() {
        JsonObject side = integer(PlaceholderImageRenderer.MIN_SIDE, PlaceholderImageRenderer.MAX_SIDE);
        JsonObject properties = new JsonObject()
                .put("prompt", new JsonObject().put("type", "string").put("title", "Prompt"))
                .put("negative_prompt", new JsonObject().put("type", "string").put("default", ""))
                .put("seed", new JsonObject().put("type", "integer"))
                .put("width", side)
                .put("height", side)
                .put("num_outputs", integer(1, MAX_COUNT))
                .put("num_inference_steps", integer(1, 50))
                .put(
                        "scheduler",
                        new JsonObject()
                                .put("default", "DDIM")
                                .put(
                                        "allOf",
                                        new JsonArray()
                                                .add(new JsonObject().put("$ref", "#/components/schemas/scheduler"))));
        JsonObject schemas = new JsonObject()
                .put(
                        "Input",
                        new JsonObject()
                                .put("type", "object")
                                .put("title", "Input")
                                .put("required", new JsonArray().add("prompt"))
                                .put("properties", properties))
                .put(
                        "scheduler",
                        new JsonObject()
                                .put("type", "string")
                                .put("enum", new JsonArray().add("DDIM").add("K_EULER")));
        return new JsonObject()
                .put("openapi", "3.0.2")
                .put("info", new JsonObject().put("title", "Cog").put("version", "0.1.0"))
                .put("paths", new JsonObject())
                .put("components", new JsonObject().put("schemas", schemas));
    }

    private static JsonObject integer(int minimum, int maximum) {
        return new JsonObject().put("type", "integer").put("minimum", minimum).put("maximum", maximum);
    }
}
