package dev.darkroom.benchmark;

import dev.darkroom.image.TestImages;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** AI server that responds with one image, by default immediately, and records the arrival time of each request. */
final class StubAiServer implements AutoCloseable {
    private final BlockingQueue<Long> arrivalTimes = new LinkedBlockingQueue<>();
    private final Vertx vertx = Vertx.vertx();
    private final HttpServer server;
    private volatile long latencyMs;
    private final String responseBody = new JsonObject()
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
        arrivalTimes.add(System.nanoTime());
        request.body().onSuccess(body -> {
            if (latencyMs == 0) {
                respond(request);
            } else {
                vertx.setTimer(latencyMs, timer -> respond(request));
            }
        });
    }

    private void respond(HttpServerRequest request) {
        request.response().putHeader("Content-Type", "application/json").end(responseBody);
    }

    /** Sets the time from a request to its response. Applies to later requests. */
    void setLatency(Duration latency) {
        latencyMs = latency.toMillis();
    }

    /** Returns the value of {@code DARKROOM_BACKEND_URL}. */
    String url() {
        return "http://127.0.0.1:" + server.actualPort() + "/v1";
    }

    /** Returns the number of requests since the start or the last {@link #reset}. */
    int requestCount() {
        return arrivalTimes.size();
    }

    /** Forgets the requests so far. */
    void reset() {
        arrivalTimes.clear();
    }

    /** Waits for the next request and returns its arrival time, see {@link System#nanoTime}. */
    long awaitArrival() throws InterruptedException {
        Long time = arrivalTimes.poll(10, TimeUnit.SECONDS);
        if (time == null) {
            throw new IllegalStateException("the AI server received no request");
        }
        return time;
    }

    @Override
    public void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
}
