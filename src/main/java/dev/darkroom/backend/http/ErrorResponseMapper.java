package dev.darkroom.backend.http;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.RetryAfterParser;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;

/**
 * Maps error responses to failures. The status decides, with three exceptions that only the body shows: content policy,
 * exhausted quota, and an error object in a successful response. Ignores {@code x-should-retry}, which addresses clients
 * that retry immediately: Darkroom decides about retries from the failure class. The details are not redacted, see
 * {@link BackendCallRunner}. Thread-safe.
 */
public record ErrorResponseMapper(RetryAfterParser retryAfterParser) {
    /** Refusal by content policy. */
    public static final BackendFailure MODERATED = BackendFailure.of(
            FailureClass.MODERATED, "MODERATED", "The content policy of the AI server rejected the request.");

    private static final BackendFailure QUOTA = BackendFailure.of(
            FailureClass.TERMINAL_AUTH, "QUOTA_EXHAUSTED", "The quota at the AI server is exhausted.");
    private static final BackendFailure PROVIDER_CONNECTION_LOST = BackendFailure.of(
            FailureClass.AMBIGUOUS, "CONNECTION_LOST", "The AI server lost the connection to its provider.");
    private static final BackendFailure ERROR_IN_RESPONSE =
            serverError("ERROR_IN_RESPONSE", "The AI server reported an error in a successful response.");

    /** Maps a response with a status other than 2xx to a failure. */
    public BackendFailure toFailure(OutboundResponse outboundResponse) {
        ErrorBody error = ErrorBody.parse(outboundResponse.bodyPrefix());
        return addDetails(classify(outboundResponse.status(), error), outboundResponse, error);
    }

    /**
     * Maps an error object in a successful response to a failure.
     *
     * @param bodyPrefix start of the body, since the body itself is drained
     */
    public BackendFailure toFailureInSuccess(OutboundResponse outboundResponse, Buffer bodyPrefix) {
        ErrorBody error = ErrorBody.parse(bodyPrefix);
        BackendFailure failure = error.moderated() ? MODERATED : error.quotaExhausted() ? QUOTA : ERROR_IN_RESPONSE;
        return addDetails(failure, outboundResponse, error);
    }

    /**
     * Finds a refusal by content policy or quota in a successful response without images.
     *
     * @return null when the body contains none
     */
    public BackendFailure findRefusal(OutboundResponse outboundResponse, Buffer bodyPrefix) {
        ErrorBody error = ErrorBody.parse(bodyPrefix);
        return error.refusal() == null ? null : toFailureInSuccess(outboundResponse, bodyPrefix);
    }

    /** As {@link #findRefusal}, as an exception; returns {@code other} with the status of the response when the body contains none. */
    public BackendCallException toRefusalOr(
            BackendCallException other, OutboundResponse outboundResponse, Buffer bodyPrefix) {
        BackendFailure refusal = findRefusal(outboundResponse, bodyPrefix);
        return refusal == null ? other.withHttpStatus(outboundResponse.status()) : new BackendCallException(refusal);
    }

    private static BackendFailure classify(int status, ErrorBody error) {
        // Gateways report refusals of the AI server with 5xx too. A retry would be billed and rejected again.
        if (status >= 400 && error.moderated()) {
            return MODERATED;
        }
        if (status >= 400 && error.quotaExhausted()) {
            return QUOTA;
        }
        // LiteLLM has sent the request to its provider and got no usable response.
        if (status == 500 && error.message().startsWith("litellm.APIConnectionError")) {
            return PROVIDER_CONNECTION_LOST;
        }
        return classify(status);
    }

    private static BackendFailure classify(int status) {
        return switch (status) {
            case 400, 405, 415, 422 ->
                inputFailure("INVALID_REQUEST", "The AI server rejected the request as invalid.");
            case 401 -> accessFailure("UNAUTHORIZED", "The AI server rejected the credentials.");
            case 402 -> accessFailure("PAYMENT_REQUIRED", "The AI server requires a payment.");
            case 403 -> accessFailure("FORBIDDEN", "The AI server denied access.");
            case 404 -> inputFailure("NOT_FOUND", "The endpoint or model does not exist at the AI server.");
            case 408, 504, 524 ->
                BackendFailure.of(FailureClass.AMBIGUOUS, "GATEWAY_TIMEOUT", "The AI server or its gateway timed out.");
            case 409 -> retryableFailure("CONFLICT", "The AI server is already processing the same request.");
            case 413 -> inputFailure("REQUEST_TOO_LARGE", "The request is too large for the AI server.");
            case 425 -> retryableFailure("TOO_EARLY", "The AI server requested a later retry.");
            case 429 -> retryableFailure(BackendFailure.RATE_LIMITED, "The AI server limited the request rate.");
            case 503, 529 -> retryableFailure("UNAVAILABLE", "The AI server is unavailable.");
            default ->
                status >= 500
                        ? serverError("SERVER_ERROR", "The AI server failed.")
                        : status >= 400
                                ? inputFailure("REQUEST_REJECTED", "The AI server rejected the request.")
                                : serverError(
                                        "UNEXPECTED_REDIRECT",
                                        "The AI server redirected the request."
                                                + " Darkroom does not follow redirects of generation requests.");
        };
    }

    private BackendFailure addDetails(BackendFailure failure, OutboundResponse outboundResponse, ErrorBody error) {
        boolean delays = failure.failureClass().retryable() || failure.failureClass() == FailureClass.TERMINAL_AUTH;
        Duration retryAfter = delays ? retryAfterParser.parse(outboundResponse.headers(), error.retryAfter()) : null;
        return failure.withHttpStatus(outboundResponse.status())
                .withRetryAfter(retryAfter)
                .withDetail(formatDetail(error));
    }

    private static String formatDetail(ErrorBody error) {
        String label = error.code() != null ? error.code() : error.type();
        return label == null ? error.message() : label + ": " + error.message();
    }

    private static BackendFailure inputFailure(String code, String message) {
        return BackendFailure.of(FailureClass.TERMINAL_INPUT, code, message);
    }

    private static BackendFailure retryableFailure(String code, String message) {
        return BackendFailure.of(FailureClass.REJECTED_RETRYABLE, code, message);
    }

    private static BackendFailure serverError(String code, String message) {
        return BackendFailure.of(FailureClass.SERVER_ERROR, code, message);
    }

    private static BackendFailure accessFailure(String code, String message) {
        return BackendFailure.of(FailureClass.TERMINAL_AUTH, code, message);
    }
}
