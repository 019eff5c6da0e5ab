package dev.darkroom.simulator.comfyui;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/** Node types of the simulator, and the check of workflows against them. Immutable. */
final class SimulatorNodeTypes {
    private static final String RESOURCE = "object-info.json";

    private final JsonObject definitions;

    private SimulatorNodeTypes(JsonObject definitions) {
        this.definitions = definitions;
    }

    static SimulatorNodeTypes load() {
        try (InputStream in = SimulatorNodeTypes.class.getResourceAsStream(RESOURCE)) {
            return new SimulatorNodeTypes(new JsonObject(Buffer.buffer(in.readAllBytes())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns all definitions, the body of {@code GET /object_info}. */
    JsonObject definitions() {
        return definitions;
    }

    /** Returns the ids of the nodes that store or show images. */
    List<String> findOutputNodes(JsonObject workflow) {
        return workflow.stream()
                .filter(node -> node.getValue() instanceof JsonObject each
                        && definitions.getValue(each.getString("class_type", "")) instanceof JsonObject type
                        && type.getBoolean("output_node"))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Returns the body of the status 400 that ComfyUI sends for an invalid workflow; null for a valid one. */
    JsonObject findError(JsonObject workflow) {
        for (Map.Entry<String, Object> entry : workflow) {
            String type = entry.getValue() instanceof JsonObject node ? node.getString("class_type", "") : "";
            if (!definitions.containsKey(type)) {
                return createError(
                        "missing_node_type",
                        "Node '" + type + "' not found. The custom node may not be installed.",
                        "Node ID '#" + entry.getKey() + "'",
                        new JsonObject()
                                .put("node_id", entry.getKey())
                                .put("class_type", type)
                                .put("node_title", type),
                        new JsonObject());
            }
        }
        List<String> outputNodes = findOutputNodes(workflow);
        if (outputNodes.isEmpty()) {
            return createError("prompt_no_outputs", "Prompt has no outputs", "", new JsonObject(), new JsonObject());
        }
        JsonObject nodeErrors = findNodeErrors(workflow, outputNodes);
        return nodeErrors.isEmpty()
                ? null
                : createError(
                        "prompt_outputs_failed_validation",
                        "Prompt outputs failed validation",
                        "",
                        new JsonObject(),
                        nodeErrors);
    }

    private JsonObject findNodeErrors(JsonObject workflow, List<String> outputNodes) {
        JsonObject nodeErrors = new JsonObject();
        for (Map.Entry<String, Object> entry : workflow) {
            JsonObject node = (JsonObject) entry.getValue();
            JsonArray errors = new JsonArray();
            JsonObject inputs = node.getJsonObject("inputs", new JsonObject());
            JsonObject required = definitions
                    .getJsonObject(node.getString("class_type"))
                    .getJsonObject("input")
                    .getJsonObject("required");
            inputs.forEach(input -> {
                JsonObject error =
                        findInputError(input.getKey(), input.getValue(), required.getJsonArray(input.getKey()));
                if (error != null) {
                    errors.add(error);
                }
            });
            if (!errors.isEmpty()) {
                nodeErrors.put(
                        entry.getKey(),
                        new JsonObject()
                                .put("errors", errors)
                                .put("dependent_outputs", new JsonArray(outputNodes))
                                .put("class_type", node.getString("class_type")));
            }
        }
        return nodeErrors;
    }

    /** Checks only the maximum of a number. */
    private static JsonObject findInputError(String name, Object value, JsonArray definition) {
        Number max = definition == null || definition.size() < 2
                ? null
                : definition.getJsonObject(1).getNumber("max");
        if (max == null || !(value instanceof Number number) || number.doubleValue() <= max.doubleValue()) {
            return null;
        }
        return new JsonObject()
                .put("type", "value_bigger_than_max")
                .put("message", "Value " + value + " bigger than max of " + max)
                .put("details", name)
                .put(
                        "extra_info",
                        new JsonObject()
                                .put("input_name", name)
                                .put("input_config", definition)
                                .put("received_value", value));
    }

    /** Creates {@code {"error": {"type", "message", "details", "extra_info"}, "node_errors"}}. */
    static JsonObject createError(
            String type, String message, String details, JsonObject extraInfo, JsonObject nodeErrors) {
        return new JsonObject()
                .put(
                        "error",
                        new JsonObject()
                                .put("type", type)
                                .put("message", message)
                                .put("details", details)
                                .put("extra_info", extraInfo))
                .put("node_errors", nodeErrors);
    }
}
