package dev.darkroom.access;

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

    private final FailedLoginLimiter limiter = FailedLoginLimiter.of(new Allowance(5, 5, Duration.ofMinutes(1), clock));
    private final List<Promise<Caller>> underWay = new ArrayList<>();

    private Future<Caller> verify() {
        return limiter.limit(
                ADDRESS,
                () -> {
                    Promise<Caller> promise = Promise.promise();
                    underWay.add(promise);
                    return promise.future();
                },
                Refused::isWrongCredential);
    }

    private static Refused wrong() {
        return new Refused(Refused.Why.NOT_GOOD, "wrong");
    }

    private static Refused.Why why(Future<Caller> failed) {
        return ((Refused) failed.cause()).why();
    }

    @Test
    void givesNoMoreVerdictsThanTokensHoweverManyAreVerifiedAtTheSameTime() {
        List<Future<Caller>> verdicts = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            verdicts.add(verify());
        }
        underWay.forEach(promise -> promise.fail(wrong()));

        assertThat(verdicts).filteredOn(one -> why(one) == Refused.Why.NOT_GOOD).hasSize(5);
        assertThat(verdicts)
                .filteredOn(one -> why(one) == Refused.Why.TOO_OFTEN)
                .hasSize(395)
                .allSatisfy(one ->
                        assertThat(((Refused) one.cause()).secondsToWait()).isBetween(1L, 12L));
    }

    @Test
    void doesNotSayThatOneIsGoodOnceTheLimitIsExceeded() {
        List<Future<Caller>> verdicts = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            verdicts.add(verify());
        }
        for (int i = 0; i < 5; i++) {
            underWay.get(i).fail(wrong());
        }
        underWay.get(5).complete(Caller.LOCAL);

        assertThat(why(verdicts.get(5))).isEqualTo(Refused.Why.TOO_OFTEN);
    }

    @Test
    void letsAnyNumberOfGoodOnesPassAtTheSameTime() {
        List<Future<Caller>> verdicts = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            verdicts.add(verify());
        }
        underWay.forEach(promise -> promise.complete(Caller.LOCAL));

        assertThat(verdicts).allMatch(Future::succeeded);
    }

    @Test
    void countsNoFailureThatSaysNothingAboutTheCredential() {
        List<Future<Caller>> verdicts = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            verdicts.add(verify());
        }
        underWay.forEach(promise -> promise.fail(new Refused(Refused.Why.CANNOT_TELL, "away")));

        assertThat(verdicts).allMatch(one -> why(one) == Refused.Why.CANNOT_TELL);
        assertThat(verify().isComplete()).isFalse();
    }

    @Test
    void verifiesNothingWhileTheLimitIsExceededAndAgainAfterAWhile() {
        for (int i = 0; i < 5; i++) {
            verify();
            underWay.get(i).fail(wrong());
        }

        assertThat(why(verify())).isEqualTo(Refused.Why.TOO_OFTEN);
        assertThat(underWay).hasSize(5);
        nanos += Duration.ofSeconds(12).toNanos();
        assertThat(verify().isComplete()).isFalse();
        assertThat(underWay).hasSize(6);
    }

    @Test
    void withoutLimitEveryVerdictIsGiven() {
        AtomicInteger asked = new AtomicInteger();
        for (int i = 0; i < 100; i++) {
            Future<Caller> verdict = FailedLoginLimiter.unlimited()
                    .limit(
                            ADDRESS,
                            () -> {
                                asked.incrementAndGet();
                                return Future.<Caller>failedFuture(wrong());
                            },
                            Refused::isWrongCredential);
            assertThat(why(verdict)).isEqualTo(Refused.Why.NOT_GOOD);
        }
        assertThat(asked).hasValue(100);
    }
}
