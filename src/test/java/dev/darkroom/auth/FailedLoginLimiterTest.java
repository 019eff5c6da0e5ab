package dev.darkroom.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bucket4j.TimeMeter;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A limit of five wrong credentials per minute and address. */
class FailedLoginLimiterTest {
    private static final String ADDRESS = "192.0.2.1";

    private long nanos;
    private final TimeMeter clock = new TimeMeter() {
        @Override
        public long currentTimeNanos() {
            return nanos;
        }

        @Override
        public boolean isWallClockBased() {
            return false;
        }
    };

    private final FailedLoginLimiter limiter =
            new FailedLoginLimiter(new KeyedRateLimiter(5, 5, Duration.ofMinutes(1), clock));
    private final List<Promise<Principal>> pendingVerifications = new ArrayList<>();

    private Future<Principal> verify() {
        return limiter.verify(
                ADDRESS,
                () -> {
                    Promise<Principal> promise = Promise.promise();
                    pendingVerifications.add(promise);
                    return promise.future();
                },
                AuthenticationException::isInvalidCredential);
    }

    private static AuthenticationException wrongCredential() {
        return new AuthenticationException(AuthenticationException.Reason.INVALID_CREDENTIALS, "wrong");
    }

    private static AuthenticationException.Reason failureReason(Future<Principal> failed) {
        return ((AuthenticationException) failed.cause()).reason();
    }

    @Test
    void returnsNoMoreFailuresThanTokensForConcurrentVerifications() {
        List<Future<Principal>> results = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            results.add(verify());
        }
        pendingVerifications.forEach(promise -> promise.fail(wrongCredential()));

        assertThat(results)
                .filteredOn(result -> failureReason(result) == AuthenticationException.Reason.INVALID_CREDENTIALS)
                .hasSize(5);
        assertThat(results)
                .filteredOn(result -> failureReason(result) == AuthenticationException.Reason.TOO_MANY_FAILURES)
                .hasSize(395)
                .allSatisfy(result -> assertThat(((AuthenticationException) result.cause()).retryAfterSeconds())
                        .isBetween(1L, 12L));
    }

    @Test
    void hidesSuccessOnceLimitIsExceeded() {
        List<Future<Principal>> results = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            results.add(verify());
        }
        for (int i = 0; i < 5; i++) {
            pendingVerifications.get(i).fail(wrongCredential());
        }
        pendingVerifications.get(5).complete(Principal.LOCAL_USER);

        assertThat(failureReason(results.get(5))).isEqualTo(AuthenticationException.Reason.TOO_MANY_FAILURES);
    }

    @Test
    void allowsManyConcurrentCorrectCredentials() {
        List<Future<Principal>> results = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            results.add(verify());
        }
        pendingVerifications.forEach(promise -> promise.complete(Principal.LOCAL_USER));

        assertThat(results).allMatch(Future::succeeded);
    }

    @Test
    void doesNotCountUnavailableAsFailure() {
        List<Future<Principal>> results = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            results.add(verify());
        }
        pendingVerifications.forEach(promise -> promise.fail(
                new AuthenticationException(AuthenticationException.Reason.UNAVAILABLE, "database unavailable")));

        assertThat(results).allMatch(result -> failureReason(result) == AuthenticationException.Reason.UNAVAILABLE);
        assertThat(verify().isComplete()).isFalse();
    }

    @Test
    void skipsVerificationUntilTokenIsRefilled() {
        for (int i = 0; i < 5; i++) {
            verify();
            pendingVerifications.get(i).fail(wrongCredential());
        }

        assertThat(failureReason(verify())).isEqualTo(AuthenticationException.Reason.TOO_MANY_FAILURES);
        assertThat(pendingVerifications).hasSize(5);
        nanos += Duration.ofSeconds(12).toNanos();
        assertThat(verify().isComplete()).isFalse();
        assertThat(pendingVerifications).hasSize(6);
    }

    @Test
    void returnsEveryResultWithoutLimit() {
        AtomicInteger verifications = new AtomicInteger();
        for (int i = 0; i < 100; i++) {
            Future<Principal> result = new FailedLoginLimiter(null)
                    .verify(
                            ADDRESS,
                            () -> {
                                verifications.incrementAndGet();
                                return Future.<Principal>failedFuture(wrongCredential());
                            },
                            AuthenticationException::isInvalidCredential);
            assertThat(failureReason(result)).isEqualTo(AuthenticationException.Reason.INVALID_CREDENTIALS);
        }
        assertThat(verifications).hasValue(100);
    }
}
