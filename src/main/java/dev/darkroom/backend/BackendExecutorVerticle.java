package dev.darkroom.backend;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.util.function.Function;

/** Owns a {@link BackendExecutor}, which runs on its context. One instance per backend and process. */
public final class BackendExecutorVerticle extends VerticleBase {
    private final Function<Vertx, BackendExecutor> executorFactory;
    private volatile BackendExecutor executor;

    /** @param creation called once, on the context that the guard is to have */
    public BackendExecutorVerticle(Function<Vertx, BackendExecutor> creation) {
        this.executorFactory = creation;
    }

    @Override
    public Future<?> start() {
        executor = executorFactory.apply(vertx);
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        executor.close();
        return Future.succeededFuture();
    }

    /** Null before the start. */
    public BackendExecutor executor() {
        return executor;
    }
}
