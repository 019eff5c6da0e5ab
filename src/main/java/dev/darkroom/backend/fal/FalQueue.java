package dev.darkroom.backend.fal;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendCallScope;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.backend.http.JobFailures;
import dev.darkroom.backend.http.JobPoller;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.RequestTarget;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.time.Duration;

/**
 * Follows requests in the queue of fal. A request has no failed state: it becomes {@code COMPLETED}, and its result may be an error. Sends
 * credentials to the origin of the base URL only. Thread-safe.
 *
 * @param pollInterval time between the first two polls
 */
record FalQueue(BackendHttpClient http, FalResultReader reader, Duration pollInterval) {
    private static final int STATUS_NOT_FOUND = 404;

    /**
     * State of a request.
     *
     * @param completed whether the result can be read
     * @param queuePosition requests ahead; null when it is running or unknown
     * @param responseUrl untrusted; null when there is none
     */
    private record Status(boolean completed, Integer queuePosition, String responseUrl) {
        static Status parse(JsonObject json) {
            if (!(json.getValue("status") instanceof String state)) {
                throw BackendCallException.malformedResponse();
            }
            return new Status(
                    state.equals("COMPLETED"),
                    json.getValue("queue_position") instanceof Number position && position.intValue() >= 0
                            ? Integer.valueOf(position.intValue())
                            : null,
                    text(json, "response_url"));
        }
    }

    /** Reads the response to a submission, reports the id of the request, and waits for its result. */
    Future<FalResult> accept(
            BackendCallScope scope, String model, OutboundResponse response, int count, BackendCall backendCall) {
        return http.onWorker(() -> readSubmission(model, response))
                .recover(cause -> Future.failedFuture(JobFailures.ofSubmission(cause)))
                .compose(queued -> {
                    backendCall.jobListener().onAccepted(queued.path());
                    return scope.delay(pollInterval)
                            .compose(elapsed -> await(scope, queued, count, false, backendCall))
                            .recover(cause -> Future.failedFuture(JobFailures.ofPoll(cause)));
                });
    }

    private QueuedRequest readSubmission(String model, OutboundResponse encoded) {
        OutboundResponse response = http.responses().decode(encoded);
        if (!response.success()) {
            throw new BackendCallException(reader.errors().toFailure(response));
        }
        Buffer prefix = response.bodyPrefix();
        try {
            JsonObject json = http.responses().readObject(response);
            String id = text(json, "request_id");
            if (!QueuedRequest.isId(id)) {
                throw BackendCallException.malformedResponse();
            }
            return QueuedRequest.of(http, model, id, text(json, "status_url"));
        } catch (BackendCallException e) {
            throw http.responses().errors().toRefusalOr(e, response, prefix);
        }
    }

    /** Waits for the result of an earlier submission. */
    Future<FalResult> lookUp(BackendCallScope scope, QueuedRequest queued, int count, BackendCall backendCall) {
        return await(scope, queued, count, true, backendCall);
    }

    /** @param expires whether a result that is not found was deleted. Right after the end it is the response of the model */
    private Future<FalResult> await(
            BackendCallScope scope, QueuedRequest queued, int count, boolean expires, BackendCall backendCall) {
        RequestTarget statusTarget = queued.statusTarget(http);
        return JobPoller.poll(
                scope,
                pollInterval,
                () -> http.poll(scope, HttpMethod.GET, statusTarget, http.headers(scope), null, this::readStatus)
                        .compose(status -> {
                            if (status.completed()) {
                                return http.pollResult(
                                        scope,
                                        queued.resultTarget(http, status.responseUrl()),
                                        response -> readResult(response, count, expires),
                                        result -> !result.images().isEmpty());
                            }
                            backendCall.jobListener().onProgress(new JobProgress(null, status.queuePosition()));
                            return Future.succeededFuture(null);
                        }));
    }

    private Status readStatus(OutboundResponse response) {
        if (response.status() == STATUS_NOT_FOUND) {
            throw JobFailures.jobLost(response.status());
        }
        return Status.parse(http.responses().readObject(response));
    }

    private FalResult readResult(OutboundResponse response, int count, boolean expires) {
        if (expires && response.status() == STATUS_NOT_FOUND) {
            return FalResult.failed(JobFailures.RESULT_EXPIRED, response);
        }
        return reader.readQueued(response, count);
    }

    private static String text(JsonObject json, String name) {
        return json.getValue(name) instanceof String text ? text : null;
    }
}
