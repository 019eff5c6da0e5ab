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

/** Wrong credentials of one address, five a minute. */
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
            FailedLoginLimiter.of(new KeyedRateLimiter(5, 5, Duration.ofMinutes(1), clock));
    private final List<Promise<Principal>> underWay = new ArrayList<>();

    private Future<Principal> verify() {
        return limiter.verify(
                ADDRESS,
                () -> {
                    Promise<Principal> promise = Promise.promise();
                    underWay.add(promise);
                    return promise.future();
                },
                AuthenticationException::isInvalidCredential);
    }

    private static AuthenticationException wrong() {
        return new AuthenticationException(AuthenticationException.Reason.INVALID_CREDENTIALS, "wrong");
    }

    private static AuthenticationException.Reason why(Future<Principal> failed) {
        return ((AuthenticationException) failed.cause()).reason();
    }

    @Test
    void givesNoMoreVerdictsThanTokensHoweverManyAreVerifiedAtTheSameTime() {
        List<Future<Principal>> verdicts = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            verdicts.add(verify());
        }
        underWay.forEach(promise -> promise.fail(wrong()));

        assertThat(verdicts)
                .filteredOn(one -> why(one) == AuthenticationException.Reason.INVALID_CREDENTIALS)
                .hasSize(5);
        assertThat(verdicts)
                .filteredOn(one -> why(one) == AuthenticationException.Reason.TOO_MANY_FAILURES)
                .hasSize(395)
                .allSatisfy(one -> assertThat(((AuthenticationException) one.cause()).retryAfterSeconds())
                        .isBetween(1L, 12L));
    }

    @Test
    void doesNotSayThatOneIsGoodOnceTheLimitIsExceeded() {
        List<Future<Principal>> verdicts = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            verdicts.add(verify());
        }
        for (int i = 0; i < 5; i++) {
            underWay.get(i).fail(wrong());
        }
        underWay.get(5).complete(Principal.LOCAL);

        assertThat(why(verdicts.get(5))).isEqualTo(AuthenticationException.Reason.TOO_MANY_FAILURES);
    }

    @Test
    void letsAnyNumberOfGoodOnesPassAtTheSameTime() {
        List<Future<Principal>> verdicts = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            verdicts.add(verify());
        }
        underWay.forEach(promise -> promise.complete(Principal.LOCAL));

        assertThat(verdicts).allMatch(Future::succeeded);
    }

    @Test
    void countsNoFailureThatSaysNothingAboutTheCredential() {
        List<Future<Principal>> verdicts = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            verdicts.add(verify());
        }
        underWay.forEach(promise ->
                promise.fail(new AuthenticationException(AuthenticationException.Reason.UNAVAILABLE, "away")));

        assertThat(verdicts).allMatch(one -> why(one) == AuthenticationException.Reason.UNAVAILABLE);
        assertThat(verify().isComplete()).isFalse();
    }

    @Test
    void verifiesNothingWhileTheLimitIsExceededAndAgainAfterAWhile() {
        for (int i = 0; i < 5; i++) {
            verify();
            underWay.get(i).fail(wrong());
        }

        assertThat(why(verify())).isEqualTo(AuthenticationException.Reason.TOO_MANY_FAILURES);
        assertThat(underWay).hasSize(5);
        nanos += Duration.ofSeconds(12).toNanos();
        assertThat(verify().isComplete()).isFalse();
        assertThat(underWay).hasSize(6);
    }

    @Test
    void withoutLimitEveryVerdictIsGiven() {
        AtomicInteger asked = new AtomicInteger();
        for (int i = 0; i < 100; i++) {
            Future<Principal> verdict = FailedLoginLimiter.unlimited()
                    .verify(
                            ADDRESS,
                            () -> {
                                asked.incrementAndGet();
                                return Future.<Principal>failedFuture(wrong());
                            },
                            AuthenticationException::isInvalidCredential);
            assertThat(why(verdict)).isEqualTo(AuthenticationException.Reason.INVALID_CREDENTIALS);
        }
        assertThat(asked).hasValue(100);
    }
}
