package dev.darkroom.backend;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.util.function.Function;

/** Owns a {@link Guard}, which runs on its context. One instance per backend and process. */
public final class GuardVerticle extends VerticleBase {
    private final Function<Vertx, Guard> creation;
    private volatile Guard guard;

    /** @param creation called once, on the context that the guard is to have */
    public GuardVerticle(Function<Vertx, Guard> creation) {
        this.creation = creation;
    }

    @Override
    public Future<?> start() {
        guard = creation.apply(vertx);
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        guard.close();
        return Future.succeededFuture();
    }

    /** Null before the start. */
    public Guard guard() {
        return guard;
    }
}
