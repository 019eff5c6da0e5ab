package dev.darkroom.backend.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.executor.BackendExecutor.BreakerState;
import dev.darkroom.backend.executor.BackendExecutor.Execution;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackendExecutorTest extends BackendExecutorFixture {
    @Test
    void runsOnTheContextOfItsVerticle() throws Exception {
        // given
        BackendExecutorVerticle verticle = new BackendExecutorVerticle(
                owner -> new BackendExecutor(owner, backend, CONCURRENCY, 0, BREAKER, MAX_RETRY_AFTER, nanos::get));
        String id = get(vertx.deployVerticle(verticle));
        CompletableFuture<String> context = new CompletableFuture<>();
        verticle.executor()
                .onChange(() -> context.complete(Vertx.currentContext().deploymentID()));

        // when
        verticle.executor().execute(REQUEST, new BackendCall(Duration.ofSeconds(60)));
        backend.complete(GENERATED);

        // then
        assertThat(context.get(60, TimeUnit.SECONDS)).isEqualTo(id);
    }

    @Test
    void permitsAreTheLimitMinusActiveCalls() throws Exception {
        // given
        Future<Execution> first = run();
        run();

        // then
        assertThat(backendExecutor.availablePermits()).isEqualTo(1);

        // when
        run();
        Execution rejected = get(run());

        // then
        assertThat(backendExecutor.availablePermits()).isZero();
        assertThat(rejected).isEqualTo(new Execution(new BackendOutcome.NotStarted(), false, false));
        assertThat(backend.calls).isEqualTo(3);

        // when
        backend.complete(GENERATED);

        // then
        assertThat(get(first)).isEqualTo(new Execution(GENERATED, false, false));
        assertThat(backendExecutor.availablePermits()).isEqualTo(1);
        await().atMost(60, TimeUnit.SECONDS).until(() -> changes.get() == 1);
    }

    @Test
    void lookUpCountsAsACallAndNeedsNoPermit() throws Exception {
        // given no permit
        run();
        run();
        run();

        // when
        Future<Execution> lookUp = backendExecutor.lookUp(REQUEST, new BackendCall(Duration.ofSeconds(60)));
        for (int i = 0; i < 3; i++) {
            backend.complete(GENERATED);
        }

        // then
        assertThat(backendExecutor.availablePermits()).isEqualTo(2);
        backend.complete(new BackendOutcome.JobNotFound());
        assertThat(get(lookUp).backendOutcome()).isEqualTo(new BackendOutcome.JobNotFound());
        assertThat(backendExecutor.availablePermits()).isEqualTo(3);
    }

    @Test
    void openBreakerStartsNoLookUp() throws Exception {
        // given
        open();

        // then
        assertThat(get(backendExecutor.lookUp(REQUEST, new BackendCall(Duration.ofSeconds(60))))
                        .backendOutcome())
                .isEqualTo(new BackendOutcome.NotStarted());
        assertThat(backend.pending).isEmpty();
    }

    @Test
    void failedLookUpsOpenTheBreaker() throws Exception {
        // when
        for (int i = 0; i < CONNECTION_FAILURES; i++) {
            Future<Execution> lookUp = backendExecutor.lookUp(REQUEST, new BackendCall(Duration.ofSeconds(60)));
            backend.complete(UNREACHABLE);
            get(lookUp);
        }

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.OPEN);
    }

    @Test
    void drainedBackendStartsNoCalls() throws Exception {
        // given
        backendExecutor.setDrained(true);

        // then
        assertThat(backendExecutor.availablePermits()).isZero();
        assertThat(get(run()).backendOutcome()).isEqualTo(new BackendOutcome.NotStarted());

        // when
        backendExecutor.setDrained(false);

        // then
        assertThat(backendExecutor.availablePermits()).isEqualTo(CONCURRENCY);
        await().atMost(60, TimeUnit.SECONDS).until(() -> types().equals(List.of("backend.drained", "backend.enabled")));
    }

    @Test
    void rejectedRequestsAndAbortsDoNotHideFailures() throws Exception {
        // when
        for (int i = 0; i < MINIMUM_CALLS; i++) {
            call(REJECTED);
            call(ABORTED);
            call(FAILED);
        }

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.OPEN);
    }

    @Test
    void failuresExhaustTheRetryBudgetAndSuccessesRefillIt() throws Exception {
        // when
        Execution last = null;
        for (int i = 0; i < 20; i++) {
            call(GENERATED);
            call(GENERATED);
            last = call(i % 2 == 0 ? FAILED : TIMED_OUT);
        }

        // then
        assertThat(last.retryBudgetExhausted()).isTrue();

        // when
        Execution success = call(GENERATED);

        // then
        assertThat(success.retryBudgetExhausted()).isFalse();
    }

    @Test
    void rateLimitPausesTheBackendForRetryAfter() throws Exception {
        // when
        call(rateLimited(Duration.ofSeconds(7)));

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.CLOSED);
        assertThat(backendExecutor.availablePermits()).isZero();
        assertThat(backendExecutor.remainingPause()).isEqualTo(Duration.ofSeconds(7));
        assertThat(get(run()).backendOutcome()).isInstanceOf(BackendOutcome.NotStarted.class);

        // when
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(7));

        // then calls are permitted again, with a lower limit
        assertThat(backendExecutor.availablePermits()).isEqualTo((int) (CONCURRENCY * 0.7));
        assertThat(backendExecutor.concurrency()).isEqualTo(backendExecutor.availablePermits());
        assertThat(backendExecutor.remainingPause()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"UNAVAILABLE, 503, 1", "TIMED_OUT, , 1", "SERVER_ERROR, 500, 0", "INVALID_RESPONSE, 200, 0"})
    void overloadLowersTheConcurrency(String code, Integer status, int decrease) throws Exception {
        // given
        BackendFailure backendFailure = BackendFailure.of(FailureClass.SERVER_ERROR, code, "message");

        // when
        call(new BackendOutcome.Failed(status == null ? backendFailure : backendFailure.withHttpStatus(status)));

        // then
        assertThat(backendExecutor.concurrency()).isEqualTo(CONCURRENCY - decrease);
        assertThat(backendExecutor.availablePermits()).isEqualTo(backendExecutor.concurrency());
    }

    @Test
    void limitsRetryAfterToTheMaximum() throws Exception {
        call(rateLimited(Duration.ofDays(36_500)));
        assertThat(backendExecutor.remainingPause()).isEqualTo(MAX_RETRY_AFTER);
    }

    @Test
    void publishesTheEndOfAPause() throws Exception {
        // given
        call(RATE_LIMITED);
        await().atMost(60, TimeUnit.SECONDS).until(() -> changes.get() == 1);

        // when
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(2));

        // then
        await().atMost(60, TimeUnit.SECONDS).until(() -> changes.get() == 2);
        assertThat(types()).containsExactly("backend.paused", "backend.resumed");
    }

    @Test
    void shorterPauseForABudgetDoesNotEndALongerOne() {
        // given a spent budget
        backendExecutor.pause(Duration.ofSeconds(30));

        // when another submission finds the rest of a budget reserved
        backendExecutor.pause(Duration.ofSeconds(1));
        nanos.addAndGet(Duration.ofSeconds(2).toNanos());

        // then
        assertThat(backendExecutor.acceptsCalls()).isFalse();
        nanos.addAndGet(Duration.ofSeconds(28).toNanos());
        assertThat(backendExecutor.acceptsCalls()).isTrue();
    }

    @Test
    void endsTheCallWhenTheBackendThrows() throws Exception {
        // given
        Future<Execution> failed = run();
        backend.pending.remove().fail(new IllegalStateException("failed future"));
        backend.throwing = true;

        // then
        assertThat(((BackendOutcome.Failed) get(failed).backendOutcome())
                        .backendFailure()
                        .code())
                .isEqualTo("INTERNAL_ERROR");
        assertThat(((BackendOutcome.Failed) get(run()).backendOutcome())
                        .backendFailure()
                        .code())
                .isEqualTo("INTERNAL_ERROR");
        assertThat(backendExecutor.availablePermits()).isEqualTo(CONCURRENCY);
    }

    @Test
    void closedExecutorStartsNoCall() throws Exception {
        backendExecutor.close();
        assertThat(backendExecutor.availablePermits()).isZero();
        assertThat(get(run()).backendOutcome()).isInstanceOf(BackendOutcome.NotStarted.class);
    }
}
