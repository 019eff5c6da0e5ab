package dev.darkroom.simulator;

import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/** {@code GET /pictures/…}: the pictures behind URL results, once the faults meant for their download are used up. */
final class SimulatorDownloadHandler implements Handler<RoutingContext> {
    private final LatencyScheduler latencyScheduler;
    private final SimulatorImageRenderer imageRenderer;

    SimulatorDownloadHandler(LatencyScheduler latencyScheduler, SimulatorImageRenderer simulatorImageRenderer) {
        this.latencyScheduler = latencyScheduler;
        this.imageRenderer = simulatorImageRenderer;
    }

    @Override
    public void handle(RoutingContext context) {
        SimulatorResponseWriter simulatorResponseWriter = new SimulatorResponseWriter(context);
        SimulatorImageRenderer.UrlImage picture = imageRenderer.findByFile(context.pathParam("file"));
        if (picture == null) {
            simulatorResponseWriter.sendJson(404, SimulatorErrorBody.create(404, "No such picture."));
            return;
        }
        ScriptStep scriptStep = picture.faults().nextStep();
        SimulatorRequestLog.LoggedRequest download = picture.submission().addDownload();
        download.setResponse(scriptStep.fault().describe());
        // No latency here: the picture was announced as finished.
        Duration delay = scriptStep.delay() == null ? Duration.ZERO : scriptStep.delay();
        latencyScheduler.schedule(
                delay,
                simulatorResponseWriter,
                download::recordClientClose,
                () -> sendImage(scriptStep, simulatorResponseWriter, picture));
    }

    private void sendImage(
            ScriptStep scriptStep,
            SimulatorResponseWriter simulatorResponseWriter,
            SimulatorImageRenderer.UrlImage picture) {
        SimulatorResponse good = new SimulatorResponse("image/png", () -> imageRenderer.renderPng(picture));
        if (scriptStep.fault() instanceof ResponseFault fault) {
            fault.apply(simulatorResponseWriter, good);
        } else {
            good.send(simulatorResponseWriter);
        }
    }
}
