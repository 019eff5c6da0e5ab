package dev.darkroom.backend.openai;

import dev.darkroom.backend.Failure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.http.Answer;
import dev.darkroom.backend.http.Redactor;
import dev.darkroom.egress.RetryAfter;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Sorts answers that are no success. One table by status, and three exceptions to it that only the body tells: content
 * policy, exhausted quota, and an error inside a success. {@code x-should-retry}, by which a server advises clients that
 * retry on the spot, is not heard: whether and when to try again is decided from the class, later and elsewhere.
 */
final class OpenAiErrors {
    private static final Failure MODERATED = Failure.of(
            FailureClass.MODERATED, "MODERATED", "The content policy of the AI server refused this request.");
    private static final Failure QUOTA =
            Failure.of(FailureClass.TERMINAL_AUTH, "QUOTA_EXHAUSTED", "The quota at the AI server is used up.");
    private static final Failure ERROR_IN_SUCCESS = Failure.of(
            FailureClass.SERVER_ERROR,
            "ERROR_IN_SUCCESS",
            "The AI server reported an error inside a successful answer.");

    private static final Failure REFUSED = input("INVALID_REQUEST", "The AI server refused the request as invalid.");
    private static final Failure CLIENT_ERROR = input("REQUEST_REFUSED", "The AI server refused the request.");
    private static final Failure SERVER_ERROR =
            Failure.of(FailureClass.SERVER_ERROR, "SERVER_ERROR", "The AI server failed.");
    private static final Failure UNAVAILABLE =
            Failure.of(FailureClass.REJECTED_RETRYABLE, "UNAVAILABLE", "The AI server cannot take work at the moment.");
    private static final Failure GATEWAY_TIMEOUT = Failure.of(
            FailureClass.AMBIGUOUS, "GATEWAY_TIMEOUT", "The AI server, or a proxy before it, gave up waiting.");
    private static final Failure REDIRECTED = Failure.of(
            FailureClass.SERVER_ERROR,
            "UNEXPECTED_REDIRECT",
            "The AI server redirected the request; requests for pictures are not sent elsewhere.");

    private static final Map<Integer, Failure> BY_STATUS = Map.ofEntries(
            Map.entry(400, REFUSED),
            Map.entry(401, auth("UNAUTHORIZED", "The AI server did not accept our credentials.")),
            Map.entry(402, auth("PAYMENT_REQUIRED", "The AI server wants to be paid first.")),
            Map.entry(403, auth("FORBIDDEN", "The AI server does not let us do this.")),
            Map.entry(404, input("NOT_FOUND", "The AI server knows no such endpoint or model.")),
            Map.entry(405, REFUSED),
            Map.entry(408, GATEWAY_TIMEOUT),
            Map.entry(
                    409,
                    Failure.of(
                            FailureClass.REJECTED_RETRYABLE,
                            "CONFLICT",
                            "The AI server is busy with the same request.")),
            Map.entry(413, input("REQUEST_TOO_LARGE", "The request is too large for the AI server.")),
            Map.entry(415, REFUSED),
            Map.entry(422, REFUSED),
            Map.entry(
                    425,
                    Failure.of(FailureClass.REJECTED_RETRYABLE, "TOO_EARLY", "The AI server asks to be tried again.")),
            Map.entry(
                    429,
                    Failure.of(
                            FailureClass.REJECTED_RETRYABLE,
                            Failure.RATE_LIMITED,
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

    private static final Pattern EXTENSION = Pattern.compile("\\b(seed|response_format)\\b");

    private final RetryAfter retryAfter;
    private final Redactor redactor;

    OpenAiErrors(RetryAfter retryAfter, Redactor redactor) {
        this.retryAfter = retryAfter;
        this.redactor = redactor;
    }

    /** What an answer with a status other than 2xx means. */
    Failure of(Answer answer) {
        ErrorBody said = ErrorBody.parse(answer.start());
        return explained(kind(answer.status(), said), answer, said);
    }

    /**
     * What an error object inside a successful answer means.
     *
     * @param start of the answer's body, which itself is used up
     */
    Failure insideSuccess(Answer answer, Buffer start) {
        ErrorBody said = ErrorBody.parse(start);
        Failure kind = said.moderated() ? MODERATED : said.quotaExhausted() ? QUOTA : ERROR_IN_SUCCESS;
        return explained(kind, answer, said);
    }

    /**
     * What the body of a success without pictures means.
     *
     * @return null when it tells nothing
     */
    Failure refusal(Answer answer, Buffer start) {
        ErrorBody said = ErrorBody.parse(start);
        return said.refusal() == null ? null : insideSuccess(answer, start);
    }

    /** Whether an answer refuses {@code seed} or {@code response_format} as a field that it does not know. */
    boolean refusesExtensions(Answer answer) {
        if (answer.status() != 400 && answer.status() != 422) {
            return false;
        }
        String said = answer.start().toString();
        return UNKNOWN_FIELD.matcher(said).find() && EXTENSION.matcher(said).find();
    }

    private static Failure kind(int status, ErrorBody said) {
        boolean clientError = status >= 400 && status < 500;
        // Gateways report what the AI server refused under 5xx too. Asking again would be paid for and refused again.
        if (status >= 400 && said.moderated()) {
            return MODERATED;
        }
        if (status >= 400 && said.quotaExhausted()) {
            return QUOTA;
        }
        Failure known = BY_STATUS.get(status);
        if (known != null) {
            return known;
        }
        return clientError ? CLIENT_ERROR : status < 400 ? REDIRECTED : SERVER_ERROR;
    }

    private Failure explained(Failure kind, Answer answer, ErrorBody said) {
        Duration wait = kind.failureClass().retryable() ? retryAfter.of(answer.headers(), said.retryAfter()) : null;
        return kind.withHttpStatus(answer.status()).withRetryAfter(wait).withDetail(redactor.clean(detail(said)));
    }

    private static String detail(ErrorBody said) {
        String label = said.code() != null ? said.code() : said.type();
        return label == null ? said.message() : label + ": " + said.message();
    }

    private static Failure input(String code, String message) {
        return Failure.of(FailureClass.TERMINAL_INPUT, code, message);
    }

    private static Failure auth(String code, String message) {
        return Failure.of(FailureClass.TERMINAL_AUTH, code, message);
    }
}
