package dev.darkroom.backend.bfl;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.backend.http.UsageReader;
import dev.darkroom.http.OutboundResponse;
import io.vertx.core.json.JsonObject;

/**
 * Reads responses about tasks. Thread-safe; for worker threads.
 *
 * @param http decodes responses and maps errors
 */
record TaskReader(BackendHttpClient http) {
    private static final int STATUS_NOT_FOUND = 404;

    /**
     * Reads the response to a submission, {@code {"id","polling_url","cost"}}.
     *
     * @throws BackendCallException when the status is not 2xx or the body has no id
     */
    AcceptedTask readSubmission(OutboundResponse encoded) {
        OutboundResponse response = http.responses().requireBody(encoded);
        JsonObject body = readObject(response);
        if (body.getValue("id") instanceof String id && TaskReference.isId(id)) {
            return new AcceptedTask(
                    new TaskReference(id, body.getValue("polling_url") instanceof String url ? url : null),
                    UsageReader.of("cost", body.getValue("cost")));
        }
        throw malformed(response);
    }

    /**
     * Reads the response to a poll, {@code {"id","status","result":{"sample"},"progress"}}. An unknown status is that of a running
     * task.
     *
     * @throws BackendCallException when the status is neither 2xx nor 404, or the body has no status
     */
    TaskStatus readPoll(OutboundResponse response) {
        if (response.status() == STATUS_NOT_FOUND) {
            return notFound(response);
        }
        JsonObject body = readObject(http.responses().requireBody(response));
        if (!(body.getValue("status") instanceof String status)) {
            throw malformed(response);
        }
        return switch (status) {
            case "Ready" -> ended(response, findImageUrl(body), null);
            case "Task not found" -> notFound(response);
            case "Request Moderated", "Content Moderated", "Error", "Failed" ->
                ended(response, null, toFailure(response, status, body));
            default -> new TaskStatus(response.status(), true, findPercent(body), null, null);
        };
    }

    /** @param response a success with a body */
    private JsonObject readObject(OutboundResponse response) {
        try {
            return http.responses().readObject(response);
        } catch (BackendCallException e) {
            throw malformed(response);
        }
    }

    /** Returns the refusal in a success of a gateway, or else the failure of a malformed response. */
    private BackendCallException malformed(OutboundResponse response) {
        BackendFailure refusal = http.responses().errors().findRefusal(response, response.bodyPrefix());
        return refusal == null
                ? BackendCallException.malformedResponse().withHttpStatus(response.status())
                : new BackendCallException(refusal);
    }

    private static TaskStatus notFound(OutboundResponse response) {
        return new TaskStatus(response.status(), false, null, null, null);
    }

    private static TaskStatus ended(OutboundResponse response, String imageUrl, BackendFailure failure) {
        BackendFailure reason = imageUrl == null && failure == null
                ? BackendCallException.emptyResponse().failure()
                : failure;
        return new TaskStatus(
                response.status(),
                true,
                null,
                imageUrl,
                reason == null ? null : reason.withHttpStatus(response.status()));
    }

    private static String findImageUrl(JsonObject body) {
        return body.getValue("result") instanceof JsonObject result
                        && result.getValue("sample") instanceof String url
                        && !url.isBlank()
                ? url
                : null;
    }

    /** Reads {@code progress}, from 0 to 1. */
    private static Integer findPercent(JsonObject body) {
        return body.getValue("progress") instanceof Number progress
                ? Integer.valueOf((int) Math.round(100 * Math.max(0, Math.min(1, progress.doubleValue()))))
                : null;
    }

    /** Maps the status and its details, without the other fields, which repeat the prompt. */
    private BackendFailure toFailure(OutboundResponse response, String status, JsonObject body) {
        JsonObject error =
                new JsonObject().put("error", status).put("detail", body.getValue("error", body.getValue("details")));
        return http.responses().errors().toFailureInSuccess(response, error.toBuffer());
    }
}
