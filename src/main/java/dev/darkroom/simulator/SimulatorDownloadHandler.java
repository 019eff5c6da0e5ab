package dev.darkroom.simulator;

import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/** Handles {@code GET /pictures/…}: returns the images of URL results. Applies the download faults of an image first. */
final class SimulatorDownloadHandler implements Handler<RoutingContext> {
    private final LatencyScheduler latencyScheduler;
    private final SimulatorImageRenderer imageRenderer;

    SimulatorDownloadHandler(LatencyScheduler latencyScheduler, SimulatorImageRenderer imageRenderer) {
        this.latencyScheduler = latencyScheduler;
        this.imageRenderer = imageRenderer;
    }

    @Override
    public void handle(RoutingContext context) {
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        SimulatorImageRenderer.UrlImage image = imageRenderer.findByFile(context.pathParam("file"));
        if (image == null) {
            writer.sendJson(404, SimulatorErrorBody.create(404, "No such image."));
            return;
        }
        ScriptStep step = image.faults().nextStep();
        SimulatorRequestLog.LoggedRequest download = image.submission().addDownload();
        download.setResponse(step.fault().describe());
        // Uses no default latency: the image was announced as finished.
        Duration delay = step.delay() == null ? Duration.ZERO : step.delay();
        latencyScheduler.schedule(delay, writer, download::recordClientClose, () -> sendImage(step, writer, image));
    }

    private void sendImage(ScriptStep step, SimulatorResponseWriter writer, SimulatorImageRenderer.UrlImage image) {
        SimulatorResponse normalResponse = new SimulatorResponse("image/png", () -> imageRenderer.renderPng(image));
        if (step.fault() instanceof ResponseFault fault) {
            fault.apply(writer, normalResponse);
        } else {
            normalResponse.send(writer);
        }
    }
}
