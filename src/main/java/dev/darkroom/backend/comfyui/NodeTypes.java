package dev.darkroom.backend.comfyui;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Node types of a ComfyUI and the names of their inputs, parsed from {@code GET /object_info}. Holds only the types that a
 * workflow uses: a server with many custom nodes returns several megabytes. Immutable.
 */
record NodeTypes(Map<String, Set<String>> inputsByType) {
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
        Map<String, Set<String>> inputsByType = new HashMap<>();
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

    private static Set<String> readInputs(JsonParser parser) throws IOException {
        Set<String> inputs = new HashSet<>();
        forEachField(parser, field -> {
            if (!field.equals("input")) {
                parser.skipChildren();
                return;
            }
            // The groups are "required", "optional" and "hidden".
            forEachField(
                    parser,
                    group -> forEachField(parser, input -> {
                        inputs.add(input);
                        parser.skipChildren();
                    }));
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
            Set<String> inputs = inputsByType.get(type);
            if (inputs == null) {
                return "node \"" + node.getKey() + "\": unknown node type " + type;
            }
            if (acceptsAnyInput(node.getValue())) {
                continue;
            }
            for (String input : node.getValue().getJsonObject("inputs").fieldNames()) {
                // Nodes with a variable number of inputs declare "images" and accept "images.image0".
                int dot = input.indexOf('.');
                if (!inputs.contains(dot < 0 ? input : input.substring(0, dot))) {
                    return WorkflowTemplate.describe(node.getKey(), type, input) + ": unknown input";
                }
            }
        }
        return null;
    }

    private static boolean acceptsAnyInput(JsonObject node) {
        return node.getValue("_meta") instanceof JsonObject meta && Boolean.TRUE.equals(meta.getValue(ANY_INPUT));
    }
}
