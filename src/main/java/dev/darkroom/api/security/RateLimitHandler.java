package dev.darkroom.api.security;

import dev.darkroom.api.problem.Problem;
import dev.darkroom.auth.AuthServices;
import dev.darkroom.auth.ClientAddressKey;
import dev.darkroom.auth.KeyedRateLimiter;
import dev.darkroom.auth.Principal;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;

/**
 * Limits the request rate of each user, and of each address for requests without credentials. Sends the remaining quota with every response
 * (draft-ietf-httpapi-ratelimit-headers-10).
 */
public final class RateLimitHandler {
    public static final String LIMIT_HEADER = "RateLimit";
    public static final String POLICY_HEADER = "RateLimit-Policy";

    private static final CharSequence LIMIT_NAME = HttpHeaders.createOptimized(LIMIT_HEADER);
    private static final CharSequence POLICY_NAME = HttpHeaders.createOptimized(POLICY_HEADER);

    private final KeyedRateLimiter userLimiter;
    private final CharSequence userPolicy;
    private final KeyedRateLimiter addressLimiter;
    private final CharSequence addressPolicy;

    public RateLimitHandler(AuthServices authServices) {
        userLimiter = authServices.userRateLimiter();
        userPolicy = formatPolicy(userLimiter);
        addressLimiter = authServices.anonymousRateLimiter();
        addressPolicy = formatPolicy(addressLimiter);
    }

    private static CharSequence formatPolicy(KeyedRateLimiter keyedRateLimiter) {
        return keyedRateLimiter == null
                ? null
                : HttpHeaders.createOptimized(
                        "\"requests\";q=" + keyedRateLimiter.capacity() + ";w=" + keyedRateLimiter.fullRefillSeconds());
    }

    /**
     * Counts a request and sets the rate limit headers of its response.
     *
     * @param principal null for a request without credentials, which counts for its address
     * @throws Problem when the rate limit is exceeded
     */
    public void countRequest(Principal principal, HttpServerRequest request) {
        if (principal == null) {
            countRequest(
                    addressLimiter, addressPolicy, ClientAddressKey.of(request.remoteAddress()), request.response());
        } else {
            countRequest(userLimiter, userPolicy, principal.user(), request.response());
        }
    }

    private static void countRequest(
            KeyedRateLimiter keyedRateLimiter, CharSequence policy, String key, HttpServerResponse response) {
        if (keyedRateLimiter == null) {
            return;
        }
        KeyedRateLimiter.Decision decision = keyedRateLimiter.tryAcquire(key);
        response.putHeader(POLICY_NAME, policy)
                .putHeader(LIMIT_NAME, "\"requests\";r=" + decision.remaining() + ";t=" + decision.resetAfterSeconds());
        if (!decision.allowed()) {
            throw Problem.tooManyRequests("Rate limit exceeded.", decision.retryAfterSeconds());
        }
    }
}
