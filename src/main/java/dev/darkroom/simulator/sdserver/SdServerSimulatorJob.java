package dev.darkroom.simulator.sdserver;

import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;

/** A job of sd-server. Mutable; used on one event loop. */
final class SdServerSimulatorJob {
    private final String id;
    private final Duration duration;
    private final Supplier<Future<JsonArray>> work;
    private final long createdAt = Instant.now().getEpochSecond();
    private String status = "queued";
    private Long startedAt;
    private Long completedAt;
    private JsonObject result;
    private JsonObject error;

    /**
     * @param duration of the work
     * @param work creates the images; fails with the message of a failed job
     */
    SdServerSimulatorJob(String id, Duration duration, Supplier<Future<JsonArray>> work) {
        this.id = id;
        this.duration = duration;
        this.work = work;
    }

    String id() {
        return id;
    }

    Duration duration() {
        return duration;
    }

    boolean generating() {
        return status.equals("generating");
    }

    boolean ended() {
        return completedAt != null;
    }

    void start() {
        status = "generating";
        startedAt = Instant.now().getEpochSecond();
    }

    /** Creates the images and ends the job. Completes at the end. */
    Future<Void> finish() {
        return work.get()
                .onSuccess(images -> {
                    end("completed");
                    result = new JsonObject().put("output_format", "png").put("images", images);
                })
                .onFailure(cause -> fail("failed", "generation_failed", cause.getMessage()))
                .<Void>mapEmpty()
                .otherwiseEmpty();
    }

    void cancel() {
        fail("cancelled", "cancelled", "job cancelled by client");
    }

    private void fail(String newStatus, String code, String message) {
        end(newStatus);
        error = new JsonObject().put("code", code).put("message", message);
    }

    private void end(String newStatus) {
        status = newStatus;
        completedAt = Instant.now().getEpochSecond();
    }

    JsonObject toSubmissionJson() {
        return new JsonObject()
                .put("id", id)
                .put("kind", "img_gen")
                .put("status", status)
                .put("created", createdAt)
                .put("poll_url", "/sdcpp/v1/jobs/" + id);
    }

    /** @param queuePosition place among the waiting jobs, from 1; 0 for a job that does not wait */
    JsonObject toJson(int queuePosition) {
        return new JsonObject()
                .put("id", id)
                .put("kind", "img_gen")
                .put("status", status)
                .put("created", createdAt)
                .put("started", startedAt)
                .put("completed", completedAt)
                .put("queue_position", queuePosition)
                .put("result", result)
                .put("error", error);
    }
}
