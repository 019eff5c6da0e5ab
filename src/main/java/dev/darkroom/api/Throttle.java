package dev.darkroom.api;

import dev.darkroom.access.Access;
import dev.darkroom.access.Address;
import dev.darkroom.access.Allowance;
import dev.darkroom.access.Caller;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;

/**
 * Lets each user, and each address without credentials, ask so often and no more, and tells with every answer how much is left
 * (draft-ietf-httpapi-ratelimit-headers-10).
 */
final class Throttle {
    static final String LIMIT = "RateLimit";
    static final String POLICY = "RateLimit-Policy";

    private static final CharSequence LIMIT_NAME = HttpHeaders.createOptimized(LIMIT);
    private static final CharSequence POLICY_NAME = HttpHeaders.createOptimized(POLICY);

    private final Allowance requests;
    private final CharSequence policy;
    private final Allowance anonymous;
    private final CharSequence anonymousPolicy;

    Throttle(Access access) {
        requests = access.requests();
        policy = policy(requests);
        anonymous = access.anonymous();
        anonymousPolicy = policy(anonymous);
    }

    private static CharSequence policy(Allowance allowance) {
        return allowance == null
                ? null
                : HttpHeaders.createOptimized(
                        "\"requests\";q=" + allowance.capacity() + ";w=" + allowance.secondsUntilFull());
    }

    /**
     * Counts a request.
     *
     * @param caller null for a request without credentials, which counts for its address
     * @throws Problem when it is one too many
     */
    void admit(Caller caller, HttpServerRequest request) {
        if (caller == null) {
            admit(anonymous, anonymousPolicy, Address.of(request.remoteAddress()), request.response());
        } else {
            admit(requests, policy, caller.user(), request.response());
        }
    }

    private static void admit(Allowance allowance, CharSequence policy, String name, HttpServerResponse response) {
        if (allowance == null) {
            return;
        }
        Allowance.Answer answer = allowance.take(name);
        response.putHeader(POLICY_NAME, policy)
                .putHeader(LIMIT_NAME, "\"requests\";r=" + answer.left() + ";t=" + answer.secondsUntilFull());
        if (!answer.granted()) {
            throw Problem.tooManyRequests("You ask too often.", answer.secondsUntilOne());
        }
    }
}
