package dev.darkroom.auth;

import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Limits how often credentials from one address may be wrong. One for all entrances of a process: the {@code Authorization} header,
 * tickets and sockets.
 *
 * <p>Each failure takes a token before its verdict leaves, and without a token there is no verdict. So of any number of credentials that
 * are verified at the same time only as many verdicts are given as there are tokens. Good credentials take none: many callers may share
 * an address, and their credentials may be verified at the same time. Thread-safe; nothing blocks.
 */
public final class FailedLoginLimiter {
    /** Null for no limit. */
    private final KeyedRateLimiter failures;

    private FailedLoginLimiter(KeyedRateLimiter failures) {
        this.failures = failures;
    }

    public static FailedLoginLimiter of(KeyedRateLimiter failures) {
        return new FailedLoginLimiter(failures);
    }

    public static FailedLoginLimiter unlimited() {
        return new FailedLoginLimiter(null);
    }

    /**
     * Verifies credentials from an address that has not exceeded its limit.
     *
     * @param address as {@link ClientAddressKey#of} gives it
     * @param verification called at most once
     * @param wrong whether a failure of the verification says that credentials are wrong
     * @return as the verification; fails with {@link AuthenticationException} when the limit is exceeded before or meanwhile
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
                "Credentials from this address were wrong too often.", decision.retryAfterSeconds()));
    }
}
