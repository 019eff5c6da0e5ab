package dev.darkroom.api.generation;

import dev.darkroom.generation.GenerationResult.ModelLimits;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.stream.Collectors;

/** Names of the parameters that a model has, by its JSON Schema. Immutable. */
public record ModelParameters(List<JsonObject> schemas) {
    public ModelParameters {
        schemas = List.copyOf(schemas);
    }

    public static ModelParameters of(ModelLimits model) {
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
    public boolean have(String name) {
        return !schemas.isEmpty() && schemas.stream().allMatch(schema -> has(schema, name));
    }

    /** Returns the value of a parameter in a form, whose values are texts: a number or a truth value where the model expects one. */
    public Object parse(String name, String text) {
        String types = schemas.stream()
                .map(schema ->
                        schema.getJsonObject("properties", new JsonObject()).getValue(name))
                .map(property -> property instanceof JsonObject object ? String.valueOf(object.getValue("type")) : "")
                .collect(Collectors.joining(" "));
        if (types.contains("integer") && text.matches("-?[0-9]{1,18}")) {
            return Long.valueOf(text);
        } else if (types.contains("number") && text.matches("-?[0-9]{1,18}(\\.[0-9]{1,18})?")) {
            return Double.valueOf(text);
        }
        return types.contains("boolean") && text.matches("true|false") ? (Object) Boolean.valueOf(text) : text;
    }

    private static boolean has(JsonObject schema, String name) {
        return schema.getJsonObject("properties", new JsonObject()).containsKey(name)
                || !Boolean.FALSE.equals(schema.getValue("additionalProperties"));
    }
}
