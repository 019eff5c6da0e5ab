package dev.darkroom.access;

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
    private final Allowance failures;

    private FailedLoginLimiter(Allowance failures) {
        this.failures = failures;
    }

    public static FailedLoginLimiter of(Allowance failures) {
        return new FailedLoginLimiter(failures);
    }

    public static FailedLoginLimiter unlimited() {
        return new FailedLoginLimiter(null);
    }

    /**
     * Verifies credentials from an address that has not exceeded its limit.
     *
     * @param address as {@link Address#of} gives it
     * @param verification called at most once
     * @param wrong whether a failure of the verification says that credentials are wrong
     * @return as the verification; fails with {@link Refused} when the limit is exceeded before or meanwhile
     */
    public <T> Future<T> limit(String address, Supplier<Future<T>> verification, Predicate<Throwable> wrong) {
        if (failures == null) {
            return verification.get();
        }
        Allowance.Answer before = failures.ask(address);
        if (!before.granted()) {
            return exceeded(before);
        }
        Future<T> verified = verification.get();
        return verified.isComplete()
                ? verdict(address, verified, wrong)
                : verified.transform(done -> verdict(address, done, wrong));
    }

    private <T> Future<T> verdict(String address, AsyncResult<T> verified, Predicate<Throwable> wrong) {
        Allowance.Answer answer =
                verified.failed() && wrong.test(verified.cause()) ? failures.take(address) : failures.ask(address);
        if (!answer.granted()) {
            return exceeded(answer);
        }
        return verified.succeeded() ? Future.succeededFuture(verified.result()) : Future.failedFuture(verified.cause());
    }

    private static <T> Future<T> exceeded(Allowance.Answer answer) {
        return Future.failedFuture(
                Refused.tooOften("Credentials from this address were wrong too often.", answer.secondsUntilOne()));
    }
}
