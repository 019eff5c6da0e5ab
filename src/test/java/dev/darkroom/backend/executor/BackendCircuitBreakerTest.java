package dev.darkroom.backend.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.HealthCheckResult;
import dev.darkroom.backend.executor.BackendExecutor.BreakerState;
import dev.darkroom.backend.executor.BackendExecutor.Execution;
import io.vertx.circuitbreaker.CircuitBreaker;
import io.vertx.circuitbreaker.CircuitBreakerOptions;
import io.vertx.circuitbreaker.CircuitBreakerState;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The circuit breaker of a {@link BackendExecutor}. */
class BackendCircuitBreakerTest extends BackendExecutorFixture {
    @Test
    void breakerOpensAtTheFailureRateAfterTheMinimumOfCalls() throws Exception {
        // when
        for (int i = 1; i < MINIMUM_CALLS; i++) {
            call(i % 2 == 0 ? FAILED : GENERATED);
        }

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.CLOSED);

        // when
        Execution last = call(FAILED);

        // then
        assertThat(last.backendOutcome()).isEqualTo(FAILED);
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.OPEN);
        assertThat(backendExecutor.availablePermits()).isZero();
        assertThat(get(run()).backendOutcome()).isInstanceOf(BackendOutcome.NotStarted.class);
        assertThat(backend.calls).isEqualTo(MINIMUM_CALLS);
    }

    @Test
    void reportsTheTimeOfTheNextHealthCheckOnlyWhileOpen() throws Exception {
        // given
        assertThat(BackendJson.toJson(backendExecutor).containsKey("openUntil")).isFalse();
        backend.health = HealthCheckResult.UNREACHABLE;

        // when
        Instant before = Instant.now();
        open();

        // then
        assertThat(backendExecutor.remainingOpenDuration()).isEqualTo(MAX_OPEN_DURATION);
        assertThat(Instant.parse(BackendJson.toJson(backendExecutor).getString("openUntil")))
                .isAfter(before);

        // when it ends, and the health check fails
        nanos.addAndGet(MAX_OPEN_DURATION.toNanos());
        assertThat(backendExecutor.remainingOpenDuration()).isZero();
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> backendExecutor.remainingOpenDuration().equals(MAX_OPEN_DURATION));

        // when it passes
        backend.health = HealthCheckResult.PASSED;
        awaitState(BreakerState.HALF_OPEN);

        // then
        assertThat(BackendJson.toJson(backendExecutor).containsKey("openUntil")).isFalse();
    }

    @Test
    void breakerStaysClosedBelowTheFailureRate() throws Exception {
        for (int i = 0; i < 10 * MINIMUM_CALLS; i++) {
            call(i % 3 == 2 ? FAILED : GENERATED);
        }
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.CLOSED);
    }

    @Test
    void breakerIgnoresFailuresBeforeTheWindow() throws Exception {
        // given
        for (int i = 1; i < MINIMUM_CALLS; i++) {
            call(FAILED);
        }

        // when
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(61));
        call(FAILED);

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.CLOSED);
    }

    @Test
    void breakerOpensAtEightyPercentFailuresUnlikeTheLibrarysRule() throws Exception {
        // given a server that fails four of five calls, and never five in a row
        CircuitBreaker libraryBreaker = CircuitBreaker.create(
                "library", vertx, new CircuitBreakerOptions().setMaxFailures(5).setFailuresRollingWindow(60_000));
        int calls = 0;

        // when
        while (backendExecutor.state() == BreakerState.CLOSED && calls < 100) {
            boolean succeeds = calls++ % 5 == 4;
            call(succeeds ? GENERATED : FAILED);
            libraryBreaker
                    .<Void>execute(() -> succeeds ? Future.succeededFuture() : Future.failedFuture("failed"))
                    .otherwiseEmpty();
        }

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.OPEN);
        assertThat(calls).isEqualTo(MINIMUM_CALLS);
        for (int i = 0; i < 100; i++) {
            boolean succeeds = i % 5 == 4;
            get(libraryBreaker
                    .<Void>execute(() -> succeeds ? Future.succeededFuture() : Future.failedFuture("failed"))
                    .otherwiseEmpty());
        }
        assertThat(libraryBreaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
    }

    @Test
    void breakerOpensAfterConsecutiveConnectionFailures() throws Exception {
        // when one call in between succeeds
        for (int i = 1; i < CONNECTION_FAILURES; i++) {
            call(UNREACHABLE);
        }
        call(GENERATED);
        for (int i = 1; i < CONNECTION_FAILURES; i++) {
            call(UNREACHABLE);
        }

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.CLOSED);

        // when
        call(UNREACHABLE);

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.OPEN);
    }

    @Test
    void breakerOpensAtTheSlowCallRate() throws Exception {
        for (int i = 0; i < MINIMUM_CALLS; i++) {
            Future<Execution> running = run();
            nanos.addAndGet(i < 2 ? 1 : SLOW_CALL_DURATION.toNanos() / 4);
            nanos.addAndGet(i < 2 ? 0 : SLOW_CALL_DURATION.toNanos() / 4 * 3);
            backend.complete(GENERATED);
            get(running);
            nanos.addAndGet(-(i < 2 ? 1 : SLOW_CALL_DURATION.toNanos()));
        }
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.OPEN);
    }

    @ParameterizedTest
    @EnumSource(names = {"TERMINAL_INPUT", "TERMINAL_AUTH", "MODERATED", "RESULT_DOWNLOAD"})
    void breakerIgnoresFailuresNotCausedByTheServer(FailureClass failureClass) throws Exception {
        // when
        for (int i = 0; i < 3 * MINIMUM_CALLS; i++) {
            call(failure(failureClass, "ANY_CODE"));
        }

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.CLOSED);
        assertThat(backendExecutor.availablePermits()).isEqualTo(CONCURRENCY);
    }

    @Test
    void halfOpenBreakerPermitsAFewProbesAndClosesWhenAllSucceed() throws Exception {
        // given
        halfOpen();
        int before = backend.calls;

        // when
        Future<Execution> first = run();
        Future<Execution> second = run();

        // then
        assertThat(backendExecutor.availablePermits()).isZero();
        assertThat(get(run()).backendOutcome()).isInstanceOf(BackendOutcome.NotStarted.class);
        assertThat(backend.calls).isEqualTo(before + HALF_OPEN_CALLS);

        // when
        backend.complete(GENERATED);
        assertThat(get(first).probe()).isTrue();

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.HALF_OPEN);

        // when
        backend.complete(GENERATED);
        assertThat(get(second).probe()).isTrue();

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.CLOSED);
    }

    @Test
    void breakerStaysOpenWhileTheHealthCheckGetsNoResponse() throws Exception {
        // given
        backend.health = HealthCheckResult.UNREACHABLE;
        open();
        int before = backend.calls;

        // when the health check was repeated
        await().atMost(60, TimeUnit.SECONDS).until(() -> backend.checks >= 6);

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.OPEN);
        assertThat(backendExecutor.availablePermits()).isZero();
        assertThat(backend.calls).isEqualTo(before);

        // when
        backend.health = HealthCheckResult.PASSED;

        // then
        await().atMost(60, TimeUnit.SECONDS).until(() -> backendExecutor.state() == BreakerState.HALF_OPEN);
        assertThat(backendExecutor.availablePermits()).isEqualTo(HALF_OPEN_CALLS);
    }

    @Test
    void breakerBecomesHalfOpenWhenTheHealthCheckKeepsFailing() throws Exception {
        // given
        backend.health = HealthCheckResult.FAILED;

        // when
        open();

        // then
        await().atMost(60, TimeUnit.SECONDS).until(() -> backendExecutor.state() == BreakerState.HALF_OPEN);
        assertThat(backend.checks).isEqualTo(4);
    }

    static Stream<BackendOutcome> outcomesWithoutTheAiServer() {
        return Stream.of(
                ABORTED,
                new BackendOutcome.NotStarted(),
                failure(FailureClass.INTERNAL, "OUT_OF_RESOURCES"),
                failure(FailureClass.TERMINAL_INPUT, "INPUT_IMAGE_NOT_FETCHED"));
    }

    @ParameterizedTest
    @MethodSource("outcomesWithoutTheAiServer")
    void probeWithoutTheAiServerKeepsTheBreakerHalfOpen(BackendOutcome outcome) throws Exception {
        // given
        halfOpen();

        // when
        Execution probe = call(outcome);

        // then
        assertThat(probe).isEqualTo(new Execution(outcome, true, false));
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.HALF_OPEN);
        assertThat(backendExecutor.availablePermits()).isEqualTo(HALF_OPEN_CALLS);
    }

    @Test
    void concurrencyGrowsStepwiseAfterAnOutage() throws Exception {
        // given
        halfOpen();
        call(GENERATED);
        call(GENERATED);

        // then the limit equals the number of probes
        assertThat(backendExecutor.availablePermits()).isEqualTo(HALF_OPEN_CALLS);

        // when
        call(GENERATED);

        // then the limit grows by one
        assertThat(backendExecutor.availablePermits())
                .isEqualTo(HALF_OPEN_CALLS + 1)
                .isEqualTo(CONCURRENCY);
    }

    @Test
    void secondFailedProbeDoesNotOpenTheBreakerAgain() throws Exception {
        // given
        halfOpen();
        Future<Execution> first = run();
        Future<Execution> second = run();

        // when
        backend.complete(FAILED);
        get(first);
        backend.complete(FAILED);
        get(second);

        // then
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> types().stream().filter("breaker.halfOpen"::equals).count() == 2);
        assertThat(types().stream().filter("breaker.opened"::equals)).hasSize(2);
        assertThat(backendExecutor.availablePermits()).isEqualTo(HALF_OPEN_CALLS);
    }

    @ParameterizedTest
    @CsvSource({
        "SERVER_ERROR,SERVER_ERROR",
        "AMBIGUOUS,TIMED_OUT",
        "REJECTED_RETRYABLE,RATE_LIMITED",
        "TERMINAL_INPUT,NOT_FOUND",
        "TERMINAL_AUTH,FORBIDDEN"
    })
    void unsuccessfulProbeOpensTheBreakerUntilTheNextProbe(FailureClass failureClass, String code) throws Exception {
        // given
        halfOpen();

        // when
        Execution probe = call(failure(failureClass, code));

        // then
        assertThat(probe.probe()).isTrue();
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.OPEN);
        nanos.addAndGet(TimeUnit.MINUTES.toNanos(1));
        awaitState(BreakerState.HALF_OPEN);
        assertThat(backendExecutor.availablePermits()).isEqualTo(HALF_OPEN_CALLS);
        assertThat(call(GENERATED).probe()).isTrue();
        assertThat(call(GENERATED).probe()).isTrue();
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.CLOSED);
    }

    @Test
    void moderatedProbesCloseTheBreaker() throws Exception {
        halfOpen();
        call(failure(FailureClass.MODERATED, "MODERATED"));
        call(failure(FailureClass.MODERATED, "MODERATED"));
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.CLOSED);
    }

    @Test
    void callFromBeforeTheOutageDoesNotAffectTheProbes() throws Exception {
        // given a pending call while others fail
        Future<Execution> slow = run();
        Promise<BackendOutcome> slowOutcome = backend.pending.poll();
        halfOpen();
        Future<Execution> probe = run();

        // when
        slowOutcome.complete(GENERATED);
        assertThat(get(slow).probe()).isFalse();
        backend.complete(GENERATED);
        assertThat(get(probe).probe()).isTrue();

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.HALF_OPEN);
        assertThat(backendExecutor.availablePermits()).isEqualTo(HALF_OPEN_CALLS);
    }

    @Test
    void rateLimitsNeverOpenTheBreaker() throws Exception {
        for (int i = 0; i < 3 * MINIMUM_CALLS; i++) {
            call(RATE_LIMITED);
            nanos.addAndGet(TimeUnit.MINUTES.toNanos(1));
        }
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.CLOSED);
    }

    @Test
    void publishesChangesOfTheBreaker() throws Exception {
        // given
        halfOpen();

        // when
        call(GENERATED);
        call(GENERATED);

        // then
        await().atMost(60, TimeUnit.SECONDS).until(() -> events.size() == 3);
        assertThat(types()).containsExactly("breaker.opened", "breaker.halfOpen", "breaker.closed");
        for (JsonObject event : events) {
            assertThat(event.fieldNames()).containsExactlyInAnyOrder("version", "backend", "type", "at");
            assertThat(event.getInteger("version")).isEqualTo(1);
            assertThat(event.getString("backend")).isEqualTo("fake");
            assertThat(Instant.parse(event.getString("at"))).isBeforeOrEqualTo(Instant.now());
        }
    }
}
