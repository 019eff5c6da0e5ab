package dev.darkroom.simulator.image;

import dev.darkroom.simulator.fault.ResponseFault;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/** Handles {@code GET /images/…}: returns the images of URL results. Applies the download faults of an image first. */
public record SimulatorDownloadHandler(SimulatorImageRenderer imageRenderer) implements Handler<RoutingContext> {
    @Override
    public void handle(RoutingContext context) {
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        SimulatorImageRenderer.UrlImage image = imageRenderer.findByFile(context.pathParam("file"));
        if (image == null) {
            writer.sendError(404, "No such image.");
            return;
        }
        ScriptStep step = image.faults().nextStep();
        SimulatorRequestLog.LoggedRequest download = image.submission().addDownload();
        download.setResponse(step.fault().description());
        // Uses no default latency: the image was announced as finished.
        writer.respondAfter(
                step.delayOr(Duration.ZERO), download::recordClientClose, () -> sendImage(step, writer, image));
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
