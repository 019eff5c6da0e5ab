package dev.darkroom.benchmark;

import dev.darkroom.image.TestImages;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Base64;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** An AI server that answers at once, with one picture, and knows to the nanosecond when it was asked. */
final class StubAiServer implements AutoCloseable {
    private final BlockingQueue<Long> times = new LinkedBlockingQueue<>();
    private final Vertx vertx = Vertx.vertx();
    private final HttpServer server;
    private final String answer = new JsonObject()
            .put(
                    "data",
                    new JsonArray()
                            .add(new JsonObject()
                                    .put("b64_json", Base64.getEncoder().encodeToString(TestImages.png(64, 64)))))
            .encode();

    StubAiServer() throws Exception {
        server = vertx.createHttpServer()
                .requestHandler(this::onRequest)
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
    }

    private void onRequest(HttpServerRequest request) {
        times.add(System.nanoTime());
        request.body()
                .onSuccess(body -> request.response()
                        .putHeader("Content-Type", "application/json")
                        .end(answer));
    }

    /** What {@code DARKROOM_BACKEND_URL} has to be. */
    String url() {
        return "http://127.0.0.1:" + server.actualPort() + "/v1";
    }

    /** When the next submission arrived, as {@link System#nanoTime}; waits for it. */
    long awaitArrival() throws InterruptedException {
        Long time = times.poll(10, TimeUnit.SECONDS);
        if (time == null) {
            throw new IllegalStateException("the AI server was not asked");
        }
        return time;
    }

    @Override
    public void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
}
