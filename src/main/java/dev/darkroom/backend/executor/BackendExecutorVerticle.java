package dev.darkroom.backend.executor;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.util.function.Function;

/** Owns a {@link BackendExecutor}, which runs on the context of this verticle. One instance per backend and process. */
public final class BackendExecutorVerticle extends VerticleBase {
    private final Function<Vertx, BackendExecutor> executorFactory;
    private volatile BackendExecutor executor;

    /** @param executorFactory called once, on the context of this verticle */
    public BackendExecutorVerticle(Function<Vertx, BackendExecutor> executorFactory) {
        this.executorFactory = executorFactory;
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

    /** Returns the executor; null before the start. */
    public BackendExecutor executor() {
        return executor;
    }
}
