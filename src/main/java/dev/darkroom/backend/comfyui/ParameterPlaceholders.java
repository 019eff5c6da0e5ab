package dev.darkroom.backend.comfyui;

import dev.darkroom.backend.ParametersSchema;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Placeholders of a workflow for the parameters of requests. Each parameter has a placeholder and always a value. The value is a text, a
 * number or a boolean: a list would be a link to another node.
 */
final class ParameterPlaceholders {
    private static final Set<Object> TYPES = Set.of("string", "integer", "number", "boolean");

    private final ParametersSchema schema;
    private final Map<String, Object> defaults = new HashMap<>();
    private final Set<String> unused = new HashSet<>();

    /**
     * @param schema null for no parameters
     * @throws InvalidWorkflowException when a parameter may have no value or another type, or the schema allows any name
     */
    ParameterPlaceholders(ParametersSchema schema) {
        this.schema = schema;
        if (schema == null) {
            return;
        }
        if (!Boolean.FALSE.equals(schema.json().getValue("additionalProperties"))) {
            throw invalid("expected no additionalProperties, since each parameter needs a placeholder");
        }
        schema.properties().forEach(this::add);
    }

    private void add(String name, Object property) {
        if (!(property instanceof JsonObject description) || !TYPES.contains(description.getValue("type", ""))) {
            throw invalid("\"" + name + "\": expected the type string, integer, number or boolean");
        }
        Object value = description.getValue("default");
        if (value == null && !schema.requires(name)) {
            throw invalid("\"" + name + "\": expected a default, or the name in \"required\"");
        }
        if (value != null) {
            defaults.put(name, value);
        }
        unused.add(name);
    }

    private InvalidWorkflowException invalid(String reason) {
        return new InvalidWorkflowException("parameters schema " + schema.name() + ": " + reason);
    }

    /** Returns whether a name is that of a parameter. Records that the workflow contains it. */
    boolean use(String name) {
        unused.remove(name);
        return schema != null && schema.properties().containsKey(name);
    }

    /** @throws InvalidWorkflowException when the workflow does not contain a parameter */
    void requireAllUsed() {
        if (!unused.isEmpty()) {
            throw invalid("\"" + unused.iterator().next() + "\": the workflow has no placeholder %"
                    + unused.iterator().next() + "%");
        }
    }

    /** Returns the value of each parameter, as a map that the caller may change. */
    Map<String, Object> resolve(JsonObject given) {
        Map<String, Object> values = new HashMap<>(defaults);
        if (given != null) {
            given.forEach(parameter -> values.put(parameter.getKey(), parameter.getValue()));
        }
        return values;
    }
}
