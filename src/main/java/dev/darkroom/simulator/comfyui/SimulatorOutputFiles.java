package dev.darkroom.simulator.comfyui;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.ResponseFault;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.ImageParameters;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The files of completed jobs, and the handler of {@code GET /view}. Stores the parameters of the images: a download renders them,
 * with the workflow in a {@code tEXt} chunk as ComfyUI stores it. Used on one event loop, except for the rendering.
 */
final class SimulatorOutputFiles implements Handler<RoutingContext> {
    private static final int MAX_FILES = 1000;
    private static final Buffer INVALID_IMAGE = Buffer.buffer("This text is not an image.");

    private final SimulatorImageRenderer imageRenderer;
    private final Map<String, Integer> countsByPrefix = new HashMap<>();
    private final Map<String, OutputFile> files = new LinkedHashMap<>();

    /** @param workflow null for bytes that are no image */
    private record OutputFile(
            JsonObject workflow,
            ImageParameters parameters,
            int position,
            FaultScript faults,
            SimulatorRequestLog.LoggedSubmission submission) {}

    SimulatorOutputFiles(SimulatorImageRenderer imageRenderer) {
        this.imageRenderer = imageRenderer;
    }

    /**
     * Adds a file with the next free name of a prefix.
     *
     * @param prefix may contain a directory, as in {@code 2026/image}
     * @param type "output" or "temp"
     * @param faults the faults of the first downloads
     * @return the entry of the file in {@code outputs.*.images}
     */
    JsonObject add(
            String prefix,
            String type,
            SimulatorWorkflow workflow,
            int position,
            boolean valid,
            List<ScriptStep> faults,
            SimulatorRequestLog.LoggedSubmission submission) {
        int slash = prefix.lastIndexOf('/');
        String subfolder = slash < 0 ? "" : prefix.substring(0, slash);
        int count = countsByPrefix.merge(type + ":" + prefix, 1, Integer::sum);
        String filename = "%s_%05d_.png".formatted(prefix.substring(slash + 1), count);
        FaultScript faultScript = new FaultScript();
        faultScript.replace(faults);
        OutputFile file = new OutputFile(
                valid ? workflow.nodes() : null, workflow.imageParameters(), position, faultScript, submission);
        files.put(createKey(filename, subfolder, type), file);
        if (files.size() > MAX_FILES) {
            files.remove(files.keySet().iterator().next());
        }
        return new JsonObject()
                .put("filename", filename)
                .put("subfolder", subfolder)
                .put("type", type);
    }

    private static String createKey(String filename, String subfolder, String type) {
        return type + ":" + subfolder + "/" + filename;
    }

    @Override
    public void handle(RoutingContext context) {
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        String filename = context.request().getParam("filename", "");
        OutputFile file = files.get(createKey(
                filename,
                context.request().getParam("subfolder", ""),
                context.request().getParam("type", "output")));
        if (filename.startsWith("/") || filename.contains("..")) {
            writer.send(400, null, Buffer.buffer());
        } else if (file == null) {
            writer.send(404, null, Buffer.buffer());
        } else {
            send(writer, file);
        }
    }

    private void send(SimulatorResponseWriter writer, OutputFile file) {
        ScriptStep step = file.faults().nextStep();
        SimulatorRequestLog.LoggedRequest download = file.submission().addDownload();
        download.setResponse(step.fault().description());
        SimulatorResponse normalResponse = new SimulatorResponse(200, "image/png", () -> render(file));
        writer.respondAfter(step.delayOr(Duration.ZERO), download::recordClientClose, () -> {
            if (step.fault() instanceof ResponseFault fault) {
                fault.apply(writer, normalResponse);
            } else {
                normalResponse.send(writer);
            }
        });
    }

    private Future<Buffer> render(OutputFile file) {
        return file.workflow() == null
                ? Future.succeededFuture(INVALID_IMAGE)
                : imageRenderer.renderBody(
                        file.parameters(),
                        render -> Buffer.buffer(PngTextChunk.insert(
                                render.apply(file.position()),
                                "prompt",
                                file.workflow().encode())));
    }
}
