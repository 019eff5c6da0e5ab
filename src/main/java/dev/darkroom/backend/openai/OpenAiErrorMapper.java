package dev.darkroom.backend.openai;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.http.BackendResponse;
import dev.darkroom.http.LogTextRedactor;
import dev.darkroom.http.RetryAfterParser;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Sorts answers that are no success. One table by status, and three exceptions to it that only the body tells: content
 * policy, exhausted quota, and an error inside a success. {@code x-should-retry}, by which a server advises clients that
 * retry on the spot, is not heard: whether and when to try again is decided from the class, later and elsewhere.
 */
final class OpenAiErrorMapper {
    private static final BackendFailure MODERATED = BackendFailure.of(
            FailureClass.MODERATED, "MODERATED", "The content policy of the AI server refused this request.");
    private static final BackendFailure QUOTA =
            BackendFailure.of(FailureClass.TERMINAL_AUTH, "QUOTA_EXHAUSTED", "The quota at the AI server is used up.");
    private static final BackendFailure ERROR_IN_SUCCESS = BackendFailure.of(
            FailureClass.SERVER_ERROR,
            "ERROR_IN_SUCCESS",
            "The AI server reported an error inside a successful answer.");

    private static final BackendFailure INVALID_REQUEST =
            inputFailure("INVALID_REQUEST", "The AI server refused the request as invalid.");
    private static final BackendFailure CLIENT_ERROR =
            inputFailure("REQUEST_REFUSED", "The AI server refused the request.");
    private static final BackendFailure SERVER_ERROR =
            BackendFailure.of(FailureClass.SERVER_ERROR, "SERVER_ERROR", "The AI server failed.");
    private static final BackendFailure UNAVAILABLE = BackendFailure.of(
            FailureClass.REJECTED_RETRYABLE, "UNAVAILABLE", "The AI server cannot take work at the moment.");
    private static final BackendFailure GATEWAY_TIMEOUT = BackendFailure.of(
            FailureClass.AMBIGUOUS, "GATEWAY_TIMEOUT", "The AI server, or a proxy before it, gave up waiting.");
    private static final BackendFailure REDIRECTED = BackendFailure.of(
            FailureClass.SERVER_ERROR,
            "UNEXPECTED_REDIRECT",
            "The AI server redirected the request; requests for pictures are not sent elsewhere.");

    private static final Map<Integer, BackendFailure> BY_STATUS = Map.ofEntries(
            Map.entry(400, INVALID_REQUEST),
            Map.entry(401, accessFailure("UNAUTHORIZED", "The AI server did not accept our credentials.")),
            Map.entry(402, accessFailure("PAYMENT_REQUIRED", "The AI server wants to be paid first.")),
            Map.entry(403, accessFailure("FORBIDDEN", "The AI server does not let us do this.")),
            Map.entry(404, inputFailure("NOT_FOUND", "The AI server knows no such endpoint or model.")),
            Map.entry(405, INVALID_REQUEST),
            Map.entry(408, GATEWAY_TIMEOUT),
            Map.entry(
                    409,
                    BackendFailure.of(
                            FailureClass.REJECTED_RETRYABLE,
                            "CONFLICT",
                            "The AI server is busy with the same request.")),
            Map.entry(413, inputFailure("REQUEST_TOO_LARGE", "The request is too large for the AI server.")),
            Map.entry(415, INVALID_REQUEST),
            Map.entry(422, INVALID_REQUEST),
            Map.entry(
                    425,
                    BackendFailure.of(
                            FailureClass.REJECTED_RETRYABLE, "TOO_EARLY", "The AI server asks to be tried again.")),
            Map.entry(
                    429,
                    BackendFailure.of(
                            FailureClass.REJECTED_RETRYABLE,
                            BackendFailure.RATE_LIMITED,
                            "The AI server asks for fewer requests.")),
            Map.entry(503, UNAVAILABLE),
            Map.entry(504, GATEWAY_TIMEOUT),
            Map.entry(524, GATEWAY_TIMEOUT),
            Map.entry(529, UNAVAILABLE));

    /** As OpenAI, Azure, FastAPI, and Python and Go servers put it. */
    private static final Pattern UNKNOWN_FIELD = Pattern.compile(
            "(unknown|unsupported|unrecognized|unexpected|invalid|extra)[ _](request )?"
                    + "(parameter|argument|field|input|key|propert|forbidden)|additional propert|not permitted",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern EXTENSION_FIELD = Pattern.compile("\\b(seed|response_format)\\b");

    private final RetryAfterParser retryAfterParser;
    private final LogTextRedactor logTextRedactor;

    OpenAiErrorMapper(RetryAfterParser retryAfterParser, LogTextRedactor logTextRedactor) {
        this.retryAfterParser = retryAfterParser;
        this.logTextRedactor = logTextRedactor;
    }

    /** What an answer with a status other than 2xx means. */
    BackendFailure toFailure(BackendResponse backendResponse) {
        OpenAiErrorBody said = OpenAiErrorBody.parse(backendResponse.bodyPrefix());
        return addDetails(classify(backendResponse.status(), said), backendResponse, said);
    }

    /**
     * What an error object inside a successful answer means.
     *
     * @param start of the answer's body, which itself is used up
     */
    BackendFailure toFailureInSuccess(BackendResponse backendResponse, Buffer start) {
        OpenAiErrorBody said = OpenAiErrorBody.parse(start);
        BackendFailure kind = said.moderated() ? MODERATED : said.quotaExhausted() ? QUOTA : ERROR_IN_SUCCESS;
        return addDetails(kind, backendResponse, said);
    }

    /**
     * What the body of a success without pictures means.
     *
     * @return null when it tells nothing
     */
    BackendFailure findRefusal(BackendResponse backendResponse, Buffer start) {
        OpenAiErrorBody said = OpenAiErrorBody.parse(start);
        return said.refusal() == null ? null : toFailureInSuccess(backendResponse, start);
    }

    /** Whether an answer refuses {@code seed} or {@code response_format} as a field that it does not know. */
    boolean rejectsExtensions(BackendResponse backendResponse) {
        if (backendResponse.status() != 400 && backendResponse.status() != 422) {
            return false;
        }
        String said = backendResponse.bodyPrefix().toString();
        return UNKNOWN_FIELD.matcher(said).find()
                && EXTENSION_FIELD.matcher(said).find();
    }

    private static BackendFailure classify(int status, OpenAiErrorBody said) {
        boolean clientError = status >= 400 && status < 500;
        // Gateways report what the AI server refused under 5xx too. Asking again would be paid for and refused again.
        if (status >= 400 && said.moderated()) {
            return MODERATED;
        }
        if (status >= 400 && said.quotaExhausted()) {
            return QUOTA;
        }
        BackendFailure known = BY_STATUS.get(status);
        if (known != null) {
            return known;
        }
        return clientError ? CLIENT_ERROR : status < 400 ? REDIRECTED : SERVER_ERROR;
    }

    private BackendFailure addDetails(BackendFailure kind, BackendResponse backendResponse, OpenAiErrorBody said) {
        Duration wait = kind.failureClass().retryable()
                ? retryAfterParser.parse(backendResponse.headers(), said.retryAfter())
                : null;
        return kind.withHttpStatus(backendResponse.status())
                .withRetryAfter(wait)
                .withDetail(logTextRedactor.redact(formatDetail(said)));
    }

    private static String formatDetail(OpenAiErrorBody said) {
        String label = said.code() != null ? said.code() : said.type();
        return label == null ? said.message() : label + ": " + said.message();
    }

    private static BackendFailure inputFailure(String code, String message) {
        return BackendFailure.of(FailureClass.TERMINAL_INPUT, code, message);
    }

    private static BackendFailure accessFailure(String code, String message) {
        return BackendFailure.of(FailureClass.TERMINAL_AUTH, code, message);
    }
}
