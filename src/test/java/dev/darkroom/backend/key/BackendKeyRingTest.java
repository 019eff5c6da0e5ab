package dev.darkroom.backend.key;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendKeyStatus;
import dev.darkroom.backend.BackendKeyStatus.State;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.Secret;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BackendKeyRingTest {
    private static final Duration COOLDOWN = Duration.ofMinutes(10);
    private static final BackendFailure RATE_LIMITED = BackendFailure.of(
                    FailureClass.REJECTED_RETRYABLE, BackendFailure.RATE_LIMITED, "m")
            .withHttpStatus(429);

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1_000);
    private final BackendKeyRing ring = new BackendKeyRing("backend", COOLDOWN, nanos::get);
    private final BackendKey main = ring.add("main", new Secret("secret-main"));
    private final BackendKey spare = ring.add("spare", new Secret("secret-spare"));

    @Test
    void usesKeysInTurn() {
        assertThat(select()).isEqualTo("main");
        assertThat(select()).isEqualTo("spare");
        assertThat(select()).isEqualTo("main");
    }

    @Test
    void hasNoKeyWithoutKeys() {
        // given
        BackendKeyRing empty = new BackendKeyRing("backend", COOLDOWN, nanos::get);

        // then
        assertThat(empty.isEmpty()).isTrue();
        assertThat(empty.select()).isEmpty();
        assertThat(empty.find("main")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "UNAUTHORIZED, UNAUTHORIZED, PT1H",
        "FORBIDDEN, FORBIDDEN, PT10M",
        "PAYMENT_REQUIRED, PAYMENT_REQUIRED, PT10M",
        "QUOTA_EXHAUSTED, QUOTA_EXHAUSTED, PT10M"
    })
    void startsTheCooldownOfARejectedKey(String code, State state, Duration cooldown) {
        // when
        ring.recordRejection(ring.startUse(main), rejection(code));

        // then
        assertThat(ring.status())
                .containsExactly(
                        new BackendKeyStatus("main", state, cooldown),
                        new BackendKeyStatus("spare", State.USABLE, Duration.ZERO));
        assertThat(select()).isEqualTo("spare");
        assertThat(select()).isEqualTo("spare");
        pass(cooldown.minusNanos(1));
        assertThat(select()).isEqualTo("spare");
        pass(Duration.ofNanos(1));
        assertThat(select()).isEqualTo("main");
        assertThat(ring.status().get(0).state()).isEqualTo(State.USABLE);
    }

    @ParameterizedTest
    @CsvSource({"QUOTA_EXHAUSTED, PT2H, PT2H", "PAYMENT_REQUIRED, PT2H, PT2H", "QUOTA_EXHAUSTED, P365D, PT24H"})
    void cooldownTakesTheRequestedTime(String code, Duration retryAfter, Duration cooldown) {
        // when
        ring.recordRejection(ring.startUse(main), rejection(code).withRetryAfter(retryAfter));

        // then
        assertThat(ring.status().get(0).remainingCooldown()).isEqualTo(cooldown);
    }

    @Test
    void onlyRejectionsOfKeysAreRejections() {
        assertThat(BackendKeyRing.isRejection(rejection("UNAUTHORIZED"))).isTrue();
        assertThat(BackendKeyRing.isRejection(RATE_LIMITED)).isTrue();
        assertThat(BackendKeyRing.isRejection(RATE_LIMITED.withHttpStatus(409)))
                .as("a busy server")
                .isFalse();
        assertThat(BackendKeyRing.isRejection(rejection("IMAGE_URL_NOT_ALLOWED")))
                .as("the image exists and was paid")
                .isFalse();
    }

    @Test
    void doublesCooldownOfRateLimitsUntilSuccess() {
        for (int seconds : new int[] {1, 2, 4, 8, 16, 32, 32}) {
            ring.recordRejection(ring.startUse(main), RATE_LIMITED);
            assertThat(ring.status().get(0))
                    .isEqualTo(new BackendKeyStatus("main", State.RATE_LIMITED, Duration.ofSeconds(seconds)));
        }

        // when
        ring.recordSuccess(ring.startUse(main));

        // then
        assertThat(ring.status().get(0).state()).isEqualTo(State.USABLE);
        ring.recordRejection(ring.startUse(main), RATE_LIMITED.withRetryAfter(Duration.ofSeconds(20)));
        assertThat(ring.status().get(0).remainingCooldown()).isEqualTo(Duration.ofSeconds(20));
    }

    @Test
    void concurrentRateLimitsAreOneBurst() {
        // given ten requests that started together
        BackendKeyUse use = ring.startUse(main);

        // when
        for (int i = 0; i < 10; i++) {
            pass(Duration.ofMillis(10));
            ring.recordRejection(use, RATE_LIMITED);
        }

        // then
        assertThat(ring.status().get(0).remainingCooldown()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void rateLimitOfAConcurrentCallDoesNotShortenTheCooldownOfASpentQuota() {
        // given
        ring.recordRejection(ring.startUse(main), rejection("QUOTA_EXHAUSTED"));

        // when
        ring.recordRejection(ring.startUse(main), RATE_LIMITED.withRetryAfter(Duration.ofSeconds(5)));

        // then
        assertThat(ring.status().get(0)).isEqualTo(new BackendKeyStatus("main", State.QUOTA_EXHAUSTED, COOLDOWN));
        assertThat(ring.status().get(1).state()).isEqualTo(State.USABLE);
    }

    @Test
    void selectsNoTriedAndNoKeyInCooldownAfterRejection() {
        assertThat(ring.selectUsable(Set.of(main.secret()))).contains(spare);
        assertThat(ring.selectUsable(Set.of(main.secret(), spare.secret()))).isEmpty();
        ring.recordRejection(ring.startUse(spare), rejection("UNAUTHORIZED"));
        assertThat(ring.selectUsable(Set.of(main.secret()))).isEmpty();
    }

    @Test
    void usesKeyWithEarliestEndWhenAllRest() {
        // given
        ring.recordRejection(ring.startUse(main), rejection("UNAUTHORIZED"));
        ring.recordRejection(ring.startUse(spare), rejection("FORBIDDEN"));

        // then
        assertThat(select()).isEqualTo("spare");
        assertThat(select()).isEqualTo("spare");

        // when: its cooldown is renewed until it ends later
        pass(Duration.ofMinutes(55));
        ring.recordRejection(ring.startUse(spare), rejection("FORBIDDEN"));

        // then
        assertThat(select()).isEqualTo("main");
    }

    @Test
    void failsAsRateLimitedWhileAnotherKeyIsInCooldownForRateLimit() {
        // given
        ring.recordRejection(ring.startUse(spare), RATE_LIMITED.withRetryAfter(Duration.ofSeconds(30)));
        ring.recordRejection(ring.startUse(main), rejection("UNAUTHORIZED"));

        // when
        BackendFailure failure = ring.toFailure(
                main, rejection("UNAUTHORIZED").withHttpStatus(401).withDetail("no such key"));

        // then
        assertThat(failure.rateLimited()).isTrue();
        assertThat(failure.failureClass()).isEqualTo(FailureClass.REJECTED_RETRYABLE);
        assertThat(failure.retryAfter()).isEqualTo(Duration.ofSeconds(30));
        assertThat(failure.httpStatus()).isNull();
        assertThat(failure.detail()).isEqualTo("rate limit of API key spare; API key main: UNAUTHORIZED no such key");
    }

    @Test
    void requestsDelayUntilFirstRateLimitEnds() {
        // given
        ring.recordRejection(ring.startUse(spare), RATE_LIMITED.withRetryAfter(Duration.ofSeconds(5)));
        BackendFailure last = RATE_LIMITED.withRetryAfter(Duration.ofSeconds(30));
        ring.recordRejection(ring.startUse(main), last);

        // then
        assertThat(ring.toFailure(main, last)).isEqualTo(last.withRetryAfter(Duration.ofSeconds(5)));
    }

    @Test
    void keepsFailureOfPermanentRejections() {
        // given
        ring.recordRejection(ring.startUse(spare), rejection("PAYMENT_REQUIRED"));
        ring.recordRejection(ring.startUse(main), rejection("UNAUTHORIZED"));

        // then
        assertThat(ring.toFailure(main, rejection("UNAUTHORIZED"))).isEqualTo(rejection("UNAUTHORIZED"));
    }

    @Test
    void findsSubmittingKeyInItsCooldown() {
        // given
        ring.recordRejection(ring.startUse(spare), rejection("UNAUTHORIZED"));

        // then
        assertThat(ring.find("spare")).contains(spare);
        assertThat(ring.find("removed")).contains(main);
        assertThat(ring.find(null)).contains(main);
    }

    @Test
    void replacedValueEndsRest() {
        // given
        ring.recordRejection(ring.startUse(main), rejection("UNAUTHORIZED"));

        // then
        assertThat(ring.replace(main, new Secret("secret-main"))).isFalse();
        assertThat(ring.status().get(0).state()).isEqualTo(State.UNAUTHORIZED);
        assertThat(ring.replace(main, new Secret("secret-new"))).isTrue();
        assertThat(ring.status().get(0).state()).isEqualTo(State.USABLE);
        assertThat(main.secret().value()).isEqualTo("secret-new");
        assertThat(ring.secrets())
                .contains(new Secret("secret-main"), new Secret("secret-spare"), new Secret("secret-new"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"UNAUTHORIZED", "FORBIDDEN", "PAYMENT_REQUIRED", "QUOTA_EXHAUSTED", "RATE_LIMITED"})
    void outcomesOfAReplacedValueDoNotChangeTheNewOne(String code) {
        // given a call with each outcome that started before the file was replaced
        BackendKeyUse rejected = ring.startUse(main);
        BackendKeyUse succeeded = ring.startUse(main);
        ring.replace(main, new Secret("secret-new"));
        BackendFailure failure = code.equals("RATE_LIMITED") ? RATE_LIMITED : rejection(code);

        // when
        ring.recordRejection(rejected, failure);

        // then
        assertThat(ring.status().get(0).state()).isEqualTo(State.USABLE);
        assertThat(ring.selectUsable(Set.of(rejected.secret(), spare.secret()))).contains(main);

        // when
        ring.recordRejection(ring.startUse(main), failure);
        ring.recordSuccess(succeeded);

        // then
        assertThat(ring.status().get(0).state()).hasToString(code);
    }

    @Test
    void redactsValuesOfAllKeysAfterManyReplacements() {
        // when
        for (int i = 0; i < 50; i++) {
            ring.replace(spare, new Secret("secret-" + i));
        }

        // then
        assertThat(ring.secrets())
                .hasSize(22)
                .contains(main.secret(), spare.secret(), new Secret("secret-30"))
                .doesNotContain(new Secret("secret-spare"));
    }

    @Test
    void removedKeyIsNotUsedForSubmissions() {
        // when
        boolean changed = ring.remove(main);

        // then
        assertThat(changed).isTrue();
        assertThat(ring.remove(main)).isFalse();
        assertThat(ring.status().get(0)).isEqualTo(new BackendKeyStatus("main", State.MISSING, Duration.ZERO));
        assertThat(select()).isEqualTo("spare");
        assertThat(select()).isEqualTo("spare");
        assertThat(ring.find("main")).as("its jobs are still polled").contains(main);
        assertThat(ring.find("other")).contains(spare);

        // when: the other one is in cooldown
        ring.recordRejection(ring.startUse(spare), rejection("UNAUTHORIZED"));
        assertThat(select()).isEqualTo("spare");
        ring.remove(spare);

        // then
        assertThat(ring.select()).isEmpty();
    }

    private String select() {
        return ring.select().orElseThrow().name();
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    private static BackendFailure rejection(String code) {
        return BackendFailure.of(FailureClass.TERMINAL_AUTH, code, "m");
    }
}
