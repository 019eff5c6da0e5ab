package dev.darkroom.image.s3;

import dev.darkroom.config.S3Settings;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import software.amazon.awssdk.services.s3.S3AsyncClient;

/**
 * Sends requests to an object store. Futures complete on the context of the caller. Thread-safe.
 *
 * <p>Worker threads ("darkroom-image-store") create the requests, because the SDK reads credentials with blocking calls. The SDK sends them
 * on event loops of its own ("darkroom-s3").
 */
final class S3Connection {
    private static final int WORKER_THREADS = 4;

    private final Vertx vertx;
    private final WorkerExecutor workers;
    private final S3Settings settings;
    /** Created by the first request. */
    private volatile S3Clients clients;

    S3Connection(Vertx vertx, S3Settings settings) {
        this.vertx = vertx;
        this.settings = settings;
        this.workers = vertx.createSharedWorkerExecutor("darkroom-image-store", WORKER_THREADS);
    }

    /** Sends a request that reads or writes little, or uploads an image. Fails with the exception of the SDK. */
    <T> Future<T> send(Function<S3AsyncClient, CompletableFuture<T>> request) {
        return start(opened -> request.apply(opened.requests()));
    }

    /** Starts a download. Downloads have connections of their own, so that slow readers do not delay other requests. */
    <T> Future<T> download(Function<S3AsyncClient, CompletableFuture<T>> request) {
        return start(opened -> request.apply(opened.downloads()));
    }

    /** Computes something with the clients, such as a signature, without a request. */
    <T> Future<T> compute(Function<S3Clients, T> computation) {
        return workers.executeBlocking(() -> computation.apply(clients()), false);
    }

    private <T> Future<T> start(Function<S3Clients, CompletableFuture<T>> request) {
        Context context = vertx.getOrCreateContext();
        return compute(request).compose(sent -> Future.fromCompletionStage(sent, context));
    }

    private synchronized S3Clients clients() {
        if (clients == null) {
            clients = S3Clients.create(settings);
        }
        return clients;
    }

    Future<Void> close() {
        return workers.<Void>executeBlocking(
                        () -> {
                            S3Clients opened = clients;
                            if (opened != null) {
                                opened.close();
                            }
                            return null;
                        },
                        false)
                .eventually(workers::close);
    }
}
