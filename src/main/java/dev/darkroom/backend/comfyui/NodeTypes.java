package dev.darkroom.backend.comfyui;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.backend.NumberRange;
import dev.darkroom.backend.ServerLimits;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.jackson.DatabindCodec;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Node types of a ComfyUI and their inputs, parsed from {@code GET /object_info}. Holds only the types that a
 * workflow uses: a server with many custom nodes returns several megabytes. Immutable.
 */
record NodeTypes(Map<String, Map<String, JsonNode>> inputsByType) {
    /** Field of {@code _meta} by which an operator excludes a node from the comparison of inputs. ComfyUI ignores {@code _meta}. */
    private static final String ANY_INPUT = "darkroomAnyInput";

    private static final JsonFactory JSON = new JsonFactory();

    /**
     * Parses {@code {"EmptyImage": {"input": {"required": {"width": …}, "optional": {…}}, …}, …}}.
     *
     * @throws IOException when the body is not such an object
     */
    static NodeTypes parse(InputStream body, WorkflowTemplate workflow) throws IOException {
        Set<String> needed = workflow.nodes().values().stream()
                .map(node -> node.getString("class_type"))
                .collect(Collectors.toSet());
        Map<String, Map<String, JsonNode>> inputsByType = new HashMap<>();
        try (JsonParser parser = JSON.createParser(body)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("not a JSON object");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String type = parser.currentName();
                parser.nextToken();
                if (needed.contains(type)) {
                    inputsByType.put(type, readInputs(parser));
                } else {
                    parser.skipChildren();
                }
            }
        }
        return new NodeTypes(inputsByType);
    }

    private static Map<String, JsonNode> readInputs(JsonParser parser) throws IOException {
        Map<String, JsonNode> inputs = new HashMap<>();
        forEachField(parser, field -> {
            if (!field.equals("input")) {
                parser.skipChildren();
                return;
            }
            // The groups are "required", "optional" and "hidden".
            forEachField(
                    parser,
                    group -> forEachField(
                            parser,
                            input -> inputs.put(input, DatabindCodec.mapper().readTree(parser))));
        });
        return inputs;
    }

    private interface FieldReader {
        /** Reads the current value completely. */
        void read(String field) throws IOException;
    }

    /** Reads the fields of the current value. Skips a value that is no object. */
    private static void forEachField(JsonParser parser, FieldReader reader) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            parser.skipChildren();
            return;
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            parser.nextToken();
            reader.read(field);
        }
    }

    /** Returns the first node or input of a workflow that the server does not have; null when it has all. */
    String findMissing(WorkflowTemplate workflow) {
        for (Map.Entry<String, JsonObject> node : workflow.nodes().entrySet()) {
            String type = node.getValue().getString("class_type");
            Map<String, JsonNode> inputs = inputsByType.get(type);
            if (inputs == null) {
                return "node \"" + node.getKey() + "\": unknown node type " + type;
            }
            if (acceptsAnyInput(node.getValue())) {
                continue;
            }
            for (String input : node.getValue().getJsonObject("inputs").fieldNames()) {
                // Nodes with a variable number of inputs declare "images" and accept "images.image0".
                int dot = input.indexOf('.');
                if (!inputs.containsKey(dot < 0 ? input : input.substring(0, dot))) {
                    return WorkflowTemplate.describe(node.getKey(), type, input) + ": unknown input";
                }
            }
        }
        return null;
    }

    /**
     * Returns the limits of the values of the placeholders in a workflow.
     *
     * @param parameters names of the parameters
     */
    ServerLimits limits(WorkflowTemplate workflow, Set<String> parameters) {
        Map<String, List<JsonObject>> byPlaceholder = new HashMap<>();
        workflow.wholePlaceholders()
                .forEach(input -> byPlaceholder
                        .computeIfAbsent(input.placeholder(), name -> new ArrayList<>())
                        .add(describe(inputsByType
                                .getOrDefault(input.type(), Map.of())
                                .get(input.input()))));
        Map<String, JsonObject> schemas = new HashMap<>();
        parameters.forEach(name -> {
            List<JsonObject> inputs = byPlaceholder.getOrDefault(name, List.of());
            if (!inputs.isEmpty()) {
                schemas.put(
                        name,
                        inputs.size() == 1 ? inputs.get(0) : new JsonObject().put("allOf", new JsonArray(inputs)));
            }
        });
        return new ServerLimits(
                Instant.now(),
                null,
                range(WorkflowPlaceholder.WIDTH, byPlaceholder),
                range(WorkflowPlaceholder.HEIGHT, byPlaceholder),
                range(WorkflowPlaceholder.COUNT, byPlaceholder),
                range(WorkflowPlaceholder.SEED, byPlaceholder),
                Set.of(),
                schemas);
    }

    private static NumberRange range(WorkflowPlaceholder placeholder, Map<String, List<JsonObject>> byPlaceholder) {
        return byPlaceholder.getOrDefault(placeholder.key(), List.of()).stream()
                .map(ServerLimits::rangeOf)
                .filter(Objects::nonNull)
                .reduce(NumberRange::intersect)
                .orElse(null);
    }

    /**
     * Returns the JSON Schema of an input: {@code ["INT", {"min": 1, "max": 16}]}, {@code [["euler", "ddim"], {}]} or {@code ["COMBO",
     * {"options": ["euler"]}]}. Empty for other types.
     */
    private static JsonObject describe(JsonNode input) {
        ObjectNode schema = DatabindCodec.mapper().createObjectNode();
        if (input != null && input.isArray()) {
            JsonNode type = input.path(0);
            JsonNode options = input.path(1);
            if (type.isArray()) {
                schema.set("enum", type);
            } else if (type.asText().equals("COMBO")) {
                schema.set("enum", options.path("options"));
            } else if (type.asText().equals("INT") || type.asText().equals("FLOAT")) {
                schema.put("type", type.asText().equals("INT") ? "integer" : "number");
                schema.set("minimum", options.path("min"));
                schema.set("maximum", options.path("max"));
            }
        }
        JsonObject description = new JsonObject();
        ServerLimits.copyKeywords(schema, description);
        return description;
    }

    private static boolean acceptsAnyInput(JsonObject node) {
        return node.getValue("_meta") instanceof JsonObject meta && Boolean.TRUE.equals(meta.getValue(ANY_INPUT));
    }
}
