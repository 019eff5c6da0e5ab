package dev.darkroom.simulator;

import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/** {@code GET /pictures/…}: the pictures behind URL results, once the faults meant for their download are used up. */
final class PictureHandler implements Handler<RoutingContext> {
    private final Director director;
    private final Studio studio;

    PictureHandler(Director director, Studio studio) {
        this.director = director;
        this.studio = studio;
    }

    @Override
    public void handle(RoutingContext context) {
        Wire wire = new Wire(context);
        Studio.Announced picture = studio.find(context.pathParam("file"));
        if (picture == null) {
            wire.json(404, ApiError.of(404, "No such picture."));
            return;
        }
        Step step = picture.faults().next();
        RequestLog.Exchange download = picture.submission().download();
        download.answeredWith(step.fault().describe());
        // No latency here: the picture was announced as finished.
        Duration delay = step.delay() == null ? Duration.ZERO : step.delay();
        director.after(delay, wire, download::closedByClient, () -> answer(step, wire, picture));
    }

    private void answer(Step step, Wire wire, Studio.Announced picture) {
        Answer good = new Answer("image/png", () -> studio.picture(picture));
        if (step.fault() instanceof WireFault fault) {
            fault.play(wire, good);
        } else {
            good.send(wire);
        }
    }
}
