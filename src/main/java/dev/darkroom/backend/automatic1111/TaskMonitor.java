package dev.darkroom.backend.automatic1111;

import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendCallScope;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.http.RequestTarget;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.UUID;

/**
 * Asks the AI server for the status of a task by its id: {@code POST /internal/progress}. {@code GET /sdapi/v1/progress} is not used,
 * since it does not say which task it describes. Thread-safe.
 */
final class TaskMonitor {
    private final BackendHttpClient http;
    private final Duration interval;
    private final RequestTarget target;

    /** @param interval time between two requests */
    TaskMonitor(BackendHttpClient http, Duration interval) {
        this.http = http;
        this.interval = interval;
        this.target = http.target("/internal/progress");
    }

    /**
     * Reports the progress of a task until its response arrives or the call ends. Best effort: repeats a failed request and stops when
     * the server does not have the endpoint.
     *
     * @param response of the task
     */
    void reportProgress(BackendCallScope scope, UUID taskId, JobListener jobListener, Future<?> response) {
        scope.delay(interval).onSuccess(elapsed -> {
            if (response.isComplete() || scope.ended()) {
                return;
            }
            requestStatus(scope, taskId)
                    .onSuccess(status -> {
                        if (!response.isComplete() && (status.running() || status.queuePosition() != null)) {
                            jobListener.onProgress(new JobProgress(status.percent(), status.queuePosition()));
                        }
                    })
                    .onComplete(done -> {
                        if (done.succeeded() || !isRejection(done.cause())) {
                            reportProgress(scope, taskId, jobListener, response);
                        }
                    });
        });
    }

    /** Returns true for a 3xx or 4xx response, which a repetition does not change. */
    private static boolean isRejection(Throwable cause) {
        return cause instanceof BackendCallException failed
                && failed.failure().httpStatus() != null
                && failed.failure().httpStatus() < 500;
    }

    /** Asks once. Fails when the server does not have the endpoint or does not respond. */
    Future<TaskStatus> requestStatus(BackendCallScope scope, UUID taskId) {
        MultiMap headers = http.headers(scope).add(HttpHeaders.CONTENT_TYPE, "application/json");
        JsonObject body = new JsonObject().put("id_task", taskId.toString()).put("live_preview", false);
        return http.poll(
                scope,
                HttpMethod.POST,
                target,
                headers,
                body.toBuffer(),
                response -> TaskStatus.parse(http.responses().readObject(response)));
    }
}
