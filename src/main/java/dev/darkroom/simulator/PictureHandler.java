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
        Wire wire = new Wire(context.request());
        Studio.Announced picture = studio.find(context.pathParam("file"));
        if (picture == null) {
            wire.json(404, ApiError.of(404, "No such picture."));
            return;
        }
        Step step = picture.faults().next();
        // No latency here: the picture was announced as finished.
        Duration delay = step.delay() == null ? Duration.ZERO : step.delay();
        director.after(delay, wire, () -> {}, () -> answer(step, wire, picture));
    }

    private void answer(Step step, Wire wire, Studio.Announced picture) {
        if (step.fault() instanceof Fault.OfTheWire fault) {
            fault.play(wire);
            return;
        }
        studio.picture(picture)
                .onSuccess(bytes -> wire.send(200, "image/png", bytes))
                .onFailure(wire::broken);
    }
}
