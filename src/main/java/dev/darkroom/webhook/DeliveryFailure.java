package dev.darkroom.webhook;

import dev.darkroom.http.HttpCallException;
import dev.darkroom.http.HttpCallException.Reason;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.RetryAfterParser;
import java.time.Duration;

/**
 * Reason of a failed delivery attempt.
 *
 * @param code machine-readable code, stored with the attempt
 * @param httpStatus HTTP status of the response; null if there was none
 * @param receiverOverloaded whether the receiver is overloaded; it is not retried before the nominal delay
 * @param gone whether the receiver returned 410; the webhook is disabled
 * @param retryAfter delay requested by {@code Retry-After}; null if there was none
 */
public record DeliveryFailure(
        String code, Integer httpStatus, boolean receiverOverloaded, boolean gone, Duration retryAfter) {
    private static final int GONE = 410;
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int BAD_GATEWAY = 502;
    private static final int UNAVAILABLE = 503;
    private static final int GATEWAY_TIMEOUT = 504;

    /** Returns null for a 2xx status. Redirects are not followed, so a 3xx status is a failure. */
    public static DeliveryFailure of(OutboundResponse outboundResponse, RetryAfterParser retryAfterParser) {
        int status = outboundResponse.status();
        if (status >= 200 && status < 300) {
            return null;
        }
        boolean overloaded = status == TOO_MANY_REQUESTS
                || status == BAD_GATEWAY
                || status == UNAVAILABLE
                || status == GATEWAY_TIMEOUT;
        return new DeliveryFailure(
                status == GONE ? "GONE" : status >= 300 && status < 400 ? "REDIRECTED" : "HTTP_" + status,
                status,
                overloaded,
                status == GONE,
                retryAfterParser.parse(outboundResponse.headers(), null));
    }

    /** Creates the failure of a request without a response. */
    public static DeliveryFailure of(HttpCallException cause) {
        return new DeliveryFailure(cause.reason().name(), null, cause.reason() == Reason.TIMEOUT, false, null);
    }

    /** Creates the failure of an attempt without an outcome from the receiver. */
    static DeliveryFailure ofCode(String code) {
        return new DeliveryFailure(code, null, false, false, null);
    }
}
