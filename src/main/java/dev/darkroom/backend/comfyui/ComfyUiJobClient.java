package dev.darkroom.backend.comfyui;

import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendCallScope;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.backend.http.JobPoller;
import dev.darkroom.http.OutboundResponse;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Function;

/**
 * Finds, polls and stops jobs of a ComfyUI. Thread-safe; each call stays on the context of its scope.
 *
 * @param pollInterval between the first polls of a job
 */
record ComfyUiJobClient(BackendHttpClient http, ComfyUiJobParser parser, Duration pollInterval) {

    /** Polls a job until it has ended or the server does not have it. Reports each poll to {@code progress}. */
    Future<ComfyUiJob> awaitEnd(BackendCallScope scope, String id, ComfyUiProgress progress) {
        return JobPoller.poll(scope, pollInterval, () -> poll(scope, id, progress));
    }

    /** Completes with null while the job waits or runs, and when a response shows nothing about it. */
    private Future<ComfyUiJob> poll(BackendCallScope scope, String id, ComfyUiProgress progress) {
        return find(scope, id)
                .map(job -> {
                    progress.onPoll(job);
                    return job.ended() ? job : null;
                })
                .recover(cause -> cause instanceof BackendCallException
                        ? Future.succeededFuture(null)
                        : Future.failedFuture(cause));
    }

    /**
     * Finds a job: in {@code /api/jobs/{id}}, and where that is missing or does not have the job, in {@code /queue} and {@code
     * /history/{id}}. In this order: a job that ends between the two requests would be in neither in the reverse order.
     *
     * @return fails when the server does not respond or its responses show nothing about the job
     */
    Future<ComfyUiJob> find(BackendCallScope scope, String id) {
        return get(scope, jobPath(id), parser::parseJob).compose(job -> {
            if (job == null || job instanceof ComfyUiJob.Absent) {
                return findInQueue(scope, id)
                        .transform(queued -> queued.succeeded() && isPresent(queued.result())
                                ? Future.succeededFuture(queued.result())
                                : findInHistory(scope, id, queued.cause()));
            }
            return job instanceof ComfyUiJob.Waiting ? addPosition(scope, id, job) : Future.succeededFuture(job);
        });
    }

    private static boolean isPresent(ComfyUiJob job) {
        return !(job instanceof ComfyUiJob.Absent);
    }

    private Future<ComfyUiJob> findInQueue(BackendCallScope scope, String id) {
        return get(scope, "/queue", outboundResponse -> parser.parseQueue(outboundResponse, id));
    }

    /** @param queueFailure null when the queue was read; otherwise it may contain the job */
    private Future<ComfyUiJob> findInHistory(BackendCallScope scope, String id, Throwable queueFailure) {
        return get(scope, "/history/" + encode(id), outboundResponse -> parser.parseHistory(outboundResponse, id))
                .compose(job -> isPresent(job) || queueFailure == null
                        ? Future.succeededFuture(job)
                        : Future.failedFuture(queueFailure));
    }

    private Future<ComfyUiJob> addPosition(BackendCallScope scope, String id, ComfyUiJob waiting) {
        return findInQueue(scope, id)
                .map(queued -> isPresent(queued) ? queued : waiting)
                .otherwise(waiting);
    }

    /**
     * Stops a job that waits or runs, and no other one. Servers before 0.33 have no request for that. Their {@code /interrupt} may
     * ignore the id and stop the running job, so it is sent only while this job runs.
     */
    Future<Void> cancel(BackendCallScope scope, String id) {
        return post(scope, jobPath(id) + "/cancel", new JsonObject(), ComfyUiJobClient::isCancelAnswer)
                .compose(supported -> supported
                        ? Future.succeededFuture()
                        : post(scope, "/queue", new JsonObject().put("delete", new JsonArray().add(id)), done -> done)
                                .compose(deleted -> findInQueue(scope, id))
                                .compose(job -> job instanceof ComfyUiJob.Running
                                        ? post(scope, "/interrupt", new JsonObject().put("prompt_id", id), done -> done)
                                                .mapEmpty()
                                        : Future.succeededFuture()));
    }

    private static boolean isCancelAnswer(OutboundResponse outboundResponse) {
        try {
            return new JsonObject(outboundResponse.bodyPrefix()).containsKey("cancelled");
        } catch (DecodeException e) {
            return false;
        }
    }

    private <T> Future<T> get(BackendCallScope scope, String path, Function<OutboundResponse, T> parse) {
        return http.poll(scope, HttpMethod.GET, http.target(path), http.headers(scope), null, parse);
    }

    private <T> Future<T> post(
            BackendCallScope scope, String path, JsonObject body, Function<OutboundResponse, T> parse) {
        return http.poll(
                scope,
                HttpMethod.POST,
                http.target(path),
                http.headers(scope).add(HttpHeaders.CONTENT_TYPE, "application/json"),
                body.toBuffer(),
                parse);
    }

    private static String jobPath(String id) {
        return "/api/jobs/" + encode(id);
    }

    private static String encode(String id) {
        return URLEncoder.encode(id, StandardCharsets.UTF_8);
    }
}
