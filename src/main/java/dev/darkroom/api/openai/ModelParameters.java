package dev.darkroom.api.openai;

import dev.darkroom.generation.GenerationResult.ModelLimits;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** Names of the parameters that a model has, by its JSON Schema. Immutable. */
record ModelParameters(List<JsonObject> schemas) {
    ModelParameters {
        schemas = List.copyOf(schemas);
    }

    static ModelParameters of(ModelLimits model) {
        JsonObject schema = model.parametersSchema();
        if (schema == null) {
            return new ModelParameters(List.of());
        }
        JsonArray all = schema.getJsonArray("allOf");
        return new ModelParameters(
                all == null || schema.containsKey("properties")
                        ? List.of(schema)
                        : all.stream().map(JsonObject.class::cast).toList());
    }

    /** Returns whether every schema of the model has or allows the parameter. */
    boolean have(String name) {
        return !schemas.isEmpty() && schemas.stream().allMatch(schema -> has(schema, name));
    }

    private static boolean has(JsonObject schema, String name) {
        return schema.getJsonObject("properties", new JsonObject()).containsKey(name)
                || !Boolean.FALSE.equals(schema.getValue("additionalProperties"));
    }
}
