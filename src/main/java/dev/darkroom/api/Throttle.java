package dev.darkroom.api;

import dev.darkroom.access.Access;
import dev.darkroom.access.Allowance;
import dev.darkroom.access.Caller;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;

/**
 * Lets each user ask so often and no more, and tells with every answer how much is left
 * (draft-ietf-httpapi-ratelimit-headers-10).
 */
final class Throttle {
    static final String LIMIT = "RateLimit";
    static final String POLICY = "RateLimit-Policy";

    private static final CharSequence LIMIT_NAME = HttpHeaders.createOptimized(LIMIT);
    private static final CharSequence POLICY_NAME = HttpHeaders.createOptimized(POLICY);

    private final Allowance requests;
    private final CharSequence policy;

    Throttle(Access access) {
        requests = access.requests();
        policy = requests == null
                ? null
                : HttpHeaders.createOptimized(
                        "\"requests\";q=" + requests.capacity() + ";w=" + requests.secondsUntilFull());
    }

    /**
     * Counts a request.
     *
     * @param caller null where nobody is known, and nothing limited
     * @throws Problem when it is one too many
     */
    void admit(Caller caller, HttpServerResponse response) {
        if (caller == null || requests == null) {
            return;
        }
        Allowance.Answer answer = requests.take(caller.user());
        response.putHeader(POLICY_NAME, policy)
                .putHeader(LIMIT_NAME, "\"requests\";r=" + answer.left() + ";t=" + answer.secondsUntilFull());
        if (!answer.granted()) {
            throw Problem.tooManyRequests("You ask too often.", answer.secondsUntilOne());
        }
    }
}
