package dev.darkroom.simulator.replicate;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/** A prediction of Replicate. Mutable; used on one event loop. */
final class StoredPrediction {
    /** Last line of the log while a prediction runs, as models with a progress bar write it. */
    private static final String PROGRESS_BAR = " 50%|█████     | 10/20 [00:00<00:00, 20.00it/s]\n";

    private final String id = UUID.randomUUID().toString().replace("-", "");
    private final Instant createdAt = Instant.now();
    private final String account;
    private final JsonObject input;
    private final String model;
    private final String version;
    private String status = "starting";
    private Instant startedAt;
    private Instant completedAt;
    private String error;
    private JsonArray output;

    /**
     * @param account credentials of the submission; null without
     * @param version id of the version; {@code hidden} for a model without versions
     */
    StoredPrediction(String account, JsonObject input, String model, String version) {
        this.account = account;
        this.input = input;
        this.model = model;
        this.version = version;
    }

    String id() {
        return id;
    }

    /** Returns whether a request with these credentials sees the prediction; null for a request without. */
    boolean isVisibleTo(String credentials) {
        return Objects.equals(account, credentials);
    }

    boolean ended() {
        return completedAt != null;
    }

    /** Records that the model has begun. */
    void start() {
        if (startedAt == null) {
            startedAt = Instant.now();
            status = "processing";
        }
    }

    void succeed(List<String> urls) {
        end("succeeded");
        output = new JsonArray(urls);
    }

    void fail(String text) {
        end("failed");
        error = text;
    }

    void cancel() {
        end("canceled");
    }

    private void end(String newStatus) {
        start();
        status = newStatus;
        completedAt = Instant.now();
    }

    /** @param baseUrl URL of the simulator */
    JsonObject toJson(String baseUrl) {
        String self = baseUrl + "/v1/predictions/" + id;
        JsonObject metrics = new JsonObject();
        if (ended()) {
            metrics.put("predict_time", seconds(startedAt, completedAt))
                    .put("total_time", seconds(createdAt, completedAt));
        }
        return new JsonObject()
                .put("id", id)
                .put("model", model)
                .put("version", version)
                .put("input", input)
                .put("logs", startedAt == null ? "" : "Using seed: 0\n" + PROGRESS_BAR)
                .put("output", output)
                .put("data_removed", false)
                .put("error", error)
                .put("source", "api")
                .put("status", status)
                .put("created_at", createdAt.toString())
                .put("started_at", startedAt == null ? null : startedAt.toString())
                .put("completed_at", completedAt == null ? null : completedAt.toString())
                .put("metrics", metrics)
                .put(
                        "urls",
                        new JsonObject()
                                .put("get", self)
                                .put("cancel", self + "/cancel")
                                .put("stream", baseUrl + "/v1/stream/" + id)
                                .put("web", baseUrl + "/p/" + id));
    }

    private static double seconds(Instant from, Instant to) {
        return Duration.between(from, to).toNanos() / 1e9;
    }
}
