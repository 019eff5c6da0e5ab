package dev.darkroom.webhook;

import dev.darkroom.http.GuardedHttpClient;
import dev.darkroom.http.HttpCallException;
import dev.darkroom.http.HttpCallException.Reason;
import dev.darkroom.http.RetryAfterParser;
import java.time.Duration;

/**
 * Why an attempt did not deliver.
 *
 * @param code for tables and programs
 * @param httpStatus what was answered, null when nothing was
 * @param receiverOverloaded the receiver has too much to do: it is not to be asked sooner than planned
 * @param gone it says that there is nobody any more
 * @param retryAfter how long it asks us to wait, null when it does not
 */
public record DeliveryFailure(
        String code, Integer httpStatus, boolean receiverOverloaded, boolean gone, Duration retryAfter) {
    private static final int GONE = 410;
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int BAD_GATEWAY = 502;
    private static final int UNAVAILABLE = 503;
    private static final int GATEWAY_TIMEOUT = 504;

    /** Null when the answer says that it was delivered: any 2xx. Redirects are not followed, so a 3xx is a failure. */
    public static DeliveryFailure of(GuardedHttpClient.ResponseHead responseHead, RetryAfterParser retryAfterParser) {
        int status = responseHead.status();
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
                retryAfterParser.parse(responseHead.headers(), null));
    }

    public static DeliveryFailure of(HttpCallException failed) {
        return new DeliveryFailure(failed.reason().name(), null, failed.reason() == Reason.TIMEOUT, false, null);
    }

    /** One whose attempt nobody ended. */
    static DeliveryFailure ofCode(String code) {
        return new DeliveryFailure(code, null, false, false, null);
    }
}
