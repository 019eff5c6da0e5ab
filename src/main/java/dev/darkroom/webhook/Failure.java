package dev.darkroom.webhook;

import dev.darkroom.egress.CallFailedException;
import dev.darkroom.egress.CallFailedException.Why;
import dev.darkroom.egress.Courier;
import dev.darkroom.egress.RetryAfter;
import java.time.Duration;

/**
 * Why an attempt did not deliver.
 *
 * @param code for tables and programs
 * @param httpStatus what was answered, null when nothing was
 * @param overloaded the receiver has too much to do: it is not to be asked sooner than planned
 * @param gone it says that there is nobody any more
 * @param retryAfter how long it asks us to wait, null when it does not
 */
record Failure(String code, Integer httpStatus, boolean overloaded, boolean gone, Duration retryAfter) {
    private static final int GONE = 410;
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int BAD_GATEWAY = 502;
    private static final int UNAVAILABLE = 503;
    private static final int GATEWAY_TIMEOUT = 504;

    /** Null when the answer says that it was delivered: any 2xx. Redirects are not followed, so a 3xx is a failure. */
    static Failure of(Courier.Answer answer, RetryAfter retryAfter) {
        int status = answer.status();
        if (status >= 200 && status < 300) {
            return null;
        }
        boolean overloaded = status == TOO_MANY_REQUESTS
                || status == BAD_GATEWAY
                || status == UNAVAILABLE
                || status == GATEWAY_TIMEOUT;
        return new Failure(
                status == GONE ? "GONE" : status >= 300 && status < 400 ? "REDIRECTED" : "HTTP_" + status,
                status,
                overloaded,
                status == GONE,
                retryAfter.of(answer.headers(), null));
    }

    static Failure of(CallFailedException failed) {
        return new Failure(failed.why().name(), null, failed.why() == Why.TIMEOUT, false, null);
    }

    /** One whose attempt nobody ended. */
    static Failure unknown(String code) {
        return new Failure(code, null, false, false, null);
    }
}
