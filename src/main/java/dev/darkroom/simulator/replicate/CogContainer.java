package dev.darkroom.simulator.replicate;

import dev.darkroom.simulator.http.SimulatorResponseWriter;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;

/** State of a cog container, which runs one prediction at a time. Used on one event loop. */
final class CogContainer {
    private final Instant startedAt = Instant.now();
    private Running running;

    /**
     * The running prediction.
     *
     * @param writer of the response to the request that started the prediction
     */
    record Running(String id, JsonObject input, Instant startedAt, SimulatorResponseWriter writer) {}

    /** Returns true while a prediction runs. */
    boolean busy() {
        return running != null;
    }

    /** Returns the running prediction when it has this id; null otherwise. */
    Running find(String id) {
        return running != null && running.id().equals(id) ? running : null;
    }

    void start(Running prediction) {
        running = prediction;
    }

    /** Frees the slot when this prediction has it. */
    void end(Running prediction) {
        if (running == prediction) {
            running = null;
        }
    }

    /** Returns the document of {@code GET /health-check}. */
    JsonObject health() {
        return new JsonObject()
                .put("status", busy() ? "BUSY" : "READY")
                .put(
                        "setup",
                        new JsonObject()
                                .put("started_at", startedAt.toString())
                                .put("completed_at", startedAt.toString())
                                .put("status", "succeeded")
                                .put("logs", ""))
                .put(
                        "version",
                        new JsonObject()
                                .put("coglet", "0.23.1")
                                .put("git_sha", "9b9f6339")
                                .put("build_time", "2026-10-20T14:46:36Z")
                                .put("python_sdk", "0.23.1")
                                .put("python", "3.11.7"));
    }

    /** Returns the metrics of a prediction that ends now. */
    static JsonObject metrics(Running prediction) {
        double seconds = Duration.between(prediction.startedAt(), Instant.now()).toNanos() / 1e9;
        return new JsonObject().put("predict_time", seconds);
    }
}
