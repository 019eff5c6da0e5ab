package dev.darkroom.auth;

import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Limits the number of wrong credentials per client address. One instance per process covers the {@code Authorization} header, stream
 * tickets and WebSockets.
 *
 * <p>A failed verification takes a token from the bucket of its address before the result is returned. Without a token the result is
 * replaced by the rate limit error, so concurrent guesses reveal no more results than there are tokens. Correct credentials take no
 * token: many clients may share an address. Thread-safe; nothing blocks.
 *
 * @param failures null for no limit
 */
public record FailedLoginLimiter(KeyedRateLimiter failures) {
    /**
     * Verifies a credential unless the address has exceeded its limit.
     *
     * @param address the key that {@link ClientAddressKey#of} returns
     * @param verification called at most once
     * @param wrong whether a failure of the verification means that the credential is wrong
     * @return the result of the verification; fails with {@link AuthenticationException} when the limit is exceeded before or during
     *     the verification
     */
    public <T> Future<T> verify(String address, Supplier<Future<T>> verification, Predicate<Throwable> wrong) {
        if (failures == null) {
            return verification.get();
        }
        KeyedRateLimiter.Decision before = failures.peek(address);
        if (!before.allowed()) {
            return limitExceeded(before);
        }
        Future<T> verified = verification.get();
        return verified.isComplete()
                ? recordResult(address, verified, wrong)
                : verified.transform(done -> recordResult(address, done, wrong));
    }

    private <T> Future<T> recordResult(String address, AsyncResult<T> verified, Predicate<Throwable> wrong) {
        KeyedRateLimiter.Decision decision = verified.failed() && wrong.test(verified.cause())
                ? failures.tryAcquire(address)
                : failures.peek(address);
        if (!decision.allowed()) {
            return limitExceeded(decision);
        }
        return verified.succeeded() ? Future.succeededFuture(verified.result()) : Future.failedFuture(verified.cause());
    }

    private static <T> Future<T> limitExceeded(KeyedRateLimiter.Decision decision) {
        return Future.failedFuture(AuthenticationException.tooManyFailures(
                "Too many failed authentications from this address.", decision.retryAfterSeconds()));
    }
}
