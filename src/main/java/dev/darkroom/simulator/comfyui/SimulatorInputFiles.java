package dev.darkroom.simulator.comfyui;

import dev.darkroom.simulator.http.SimulatorForm;
import dev.darkroom.simulator.http.SimulatorInputImage;
import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import io.vertx.core.Handler;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Files that clients uploaded with {@code POST /upload/image}, and the nodes that load them. Used on one event loop. */
final class SimulatorInputFiles implements Handler<RoutingContext> {
    /** Node types with the name of such a file as their input {@code image}. */
    private static final Set<String> LOADERS = Set.of("LoadImage", "LoadImageMask");

    private final Map<String, SimulatorInputImage> byName = new HashMap<>();

    @Override
    public void handle(RoutingContext context) {
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        SimulatorForm.read(context.request())
                .map(this::store)
                .onComplete(file -> writer.sendJson(200, file), writer::sendRequestError);
    }

    private JsonObject store(SimulatorForm form) {
        if (form.images().size() != 1 || !form.images().get(0).field().equals("image")) {
            throw new SimulatorRequestException("No image", "image");
        }
        SimulatorInputImage image = form.images().get(0);
        String directory = form.fields().contains("subfolder") ? form.fields().get("subfolder") : "";
        byName.put(directory.isEmpty() ? image.fileName() : directory + "/" + image.fileName(), image);
        return new JsonObject()
                .put("name", image.fileName())
                .put("subfolder", directory)
                .put("type", "input");
    }

    /** Returns the files that a workflow loads, each with the type of its node as the name of the field. */
    List<SimulatorInputImage> findLoaded(JsonObject workflow) {
        return workflow.stream()
                .map(entry -> (JsonObject) entry.getValue())
                .filter(node -> LOADERS.contains(node.getString("class_type")))
                .map(node -> byName.get(fileOf(node)).withField(node.getString("class_type")))
                .toList();
    }

    private static String fileOf(JsonObject node) {
        return String.valueOf(node.getJsonObject("inputs").getValue("image"));
    }

    /** Returns the body of the status 400 for a workflow that loads a missing file; null for none. */
    JsonObject findError(JsonObject workflow, List<String> outputNodes) {
        JsonObject nodeErrors = new JsonObject();
        workflow.forEach(entry -> {
            JsonObject node = (JsonObject) entry.getValue();
            String type = node.getString("class_type");
            if (LOADERS.contains(type) && !byName.containsKey(fileOf(node))) {
                JsonObject error = new JsonObject()
                        .put("type", "custom_validation_failed")
                        .put("message", "Custom validation failed for node")
                        .put("details", "image - Invalid image file: " + fileOf(node))
                        .put("extra_info", new JsonObject().put("input_name", "image"));
                nodeErrors.put(
                        entry.getKey(),
                        new JsonObject()
                                .put("errors", new JsonArray().add(error))
                                .put("dependent_outputs", new JsonArray(outputNodes))
                                .put("class_type", type));
            }
        });
        return nodeErrors.isEmpty()
                ? null
                : SimulatorNodeTypes.createError(
                        "prompt_outputs_failed_validation",
                        "Prompt outputs failed validation",
                        "",
                        new JsonObject(),
                        nodeErrors);
    }
}
