package dev.darkroom.backend.fal;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.http.ErrorResponseMapper;
import dev.darkroom.backend.http.JobFailures;
import dev.darkroom.http.OutboundResponse;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.util.Set;

/**
 * Maps error responses of fal to failures. The headers of fal decide where a status alone is ambiguous. Sources:
 * https://fal.ai/docs/documentation/model-apis/request-errors ({@code X-Fal-Error-Type}),
 * https://fal.ai/docs/documentation/model-apis/errors ({@code X-Fal-Retryable}),
 * https://docs.fal.ai/documentation/model-apis/common-parameters ({@code X-Fal-Request-Timeout-Type}). Thread-safe.
 */
record FalErrorMapper(ErrorResponseMapper errors) {
    private static final String ERROR_TYPE = "X-Fal-Error-Type";
    private static final String RETRYABLE = "X-Fal-Retryable";
    private static final String TIMEOUT_TYPE = "X-Fal-Request-Timeout-Type";

    /** No runner has begun to process the request. */
    private static final Set<String> NOT_STARTED =
            Set.of("startup_timeout", "runner_scheduling_failure", "runner_connection_refused");

    /** The request has ended without a result. */
    private static final Set<String> FAILED = Set.of(
            "request_timeout",
            "runner_connection_timeout",
            "runner_disconnected",
            "runner_connection_error",
            "runner_incomplete_response",
            "runner_server_error",
            "client_disconnected",
            "internal_error");

    private static final BackendFailure JOB_FAILED =
            BackendFailure.of(FailureClass.SERVER_ERROR, "JOB_FAILED", "The job failed at the AI server.");
    private static final BackendFailure NOT_RETRYABLE = BackendFailure.of(
            FailureClass.TERMINAL_INPUT,
            "NOT_RETRYABLE",
            "The AI server reported that the same request would fail again.");

    /** Maps a response with a status other than 2xx to a failure. */
    BackendFailure toFailure(OutboundResponse response) {
        BackendFailure failure = errors.toFailure(response);
        return switch (failure.failureClass()) {
            case MODERATED, TERMINAL_AUTH -> failure;
            default -> refine(failure, response);
        };
    }

    private static BackendFailure refine(BackendFailure failure, OutboundResponse response) {
        String type = errorType(response);
        if (NOT_STARTED.contains(type) || "user".equals(response.headers().get(TIMEOUT_TYPE))) {
            return copyDetails(failure, JobFailures.JOB_NOT_STARTED);
        }
        if (type.equals("client_cancelled")) {
            return copyDetails(failure, JobFailures.JOB_CANCELED);
        }
        if (FAILED.contains(type)) {
            return copyDetails(failure, JOB_FAILED);
        }
        String retryable = response.headers().get(RETRYABLE);
        if ("true".equalsIgnoreCase(retryable) && !failure.failureClass().retryable()) {
            return copyDetails(failure, JOB_FAILED);
        }
        return "false".equalsIgnoreCase(retryable) && failure.failureClass().retryable()
                ? copyDetails(failure, NOT_RETRYABLE)
                : failure;
    }

    private static BackendFailure copyDetails(BackendFailure from, BackendFailure to) {
        return to.withHttpStatus(from.httpStatus())
                .withRetryAfter(from.retryAfter())
                .withDetail(from.detail());
    }

    /**
     * Returns whether an error response to the request for a result is that result. Otherwise it is an error of the queue or of a proxy,
     * and the result may follow.
     */
    static boolean isResult(OutboundResponse response) {
        if (response.headers().contains(ERROR_TYPE)
                || response.headers().contains(RETRYABLE)
                || response.headers().contains(TIMEOUT_TYPE)) {
            return true;
        }
        return switch (response.status()) {
            case 401, 402, 403, 408, 429 -> false;
            default -> {
                Object detail = parse(response).getValue("detail");
                yield detail != null && !detail.equals("Request is still in progress");
            }
        };
    }

    private static String errorType(OutboundResponse response) {
        String header = response.headers().get(ERROR_TYPE);
        return header != null ? header : String.valueOf(parse(response).getValue("error_type"));
    }

    /** Returns the body; empty when it is no JSON object. */
    private static JsonObject parse(OutboundResponse response) {
        try {
            return Json.decodeValue(response.bodyPrefix()) instanceof JsonObject object ? object : new JsonObject();
        } catch (DecodeException e) {
            return new JsonObject();
        }
    }
}
