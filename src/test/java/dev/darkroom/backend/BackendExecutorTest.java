package dev.darkroom.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendExecutor.BreakerState;
import dev.darkroom.backend.BackendExecutor.Execution;
import dev.darkroom.config.Settings;
import io.vertx.circuitbreaker.CircuitBreaker;
import io.vertx.circuitbreaker.CircuitBreakerOptions;
import io.vertx.circuitbreaker.CircuitBreakerState;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class BackendExecutorTest {
    private static final int CONCURRENCY = 3;
    private static final int MINIMUM_CALLS = 10;
    private static final int CONNECTION_FAILURES = 4;
    private static final int HALF_OPEN_CALLS = 2;
    private static final Duration SLOW_CALL_DURATION = Duration.ofSeconds(20);
    private static final Duration OPEN_DURATION = Duration.ofMillis(150);
    private static final Duration MAX_OPEN_DURATION = OPEN_DURATION;
    private static final Duration MAX_RETRY_AFTER = Duration.ofMinutes(10);
    private static final ImageRequest REQUEST = new ImageRequest("key", "a fox", null, 8, 8, 1, 1, null);

    private static final BackendOutcome GENERATED = new BackendOutcome.Generated(List.of());
    private static final BackendOutcome FAILED = failure(FailureClass.SERVER_ERROR, "SERVER_ERROR");
    private static final BackendOutcome UNREACHABLE = failure(FailureClass.NOT_SENT, "CONNECTION_REFUSED");
    private static final BackendOutcome TIMED_OUT = failure(FailureClass.AMBIGUOUS, BackendFailure.TIMED_OUT);
    private static final BackendOutcome REJECTED = failure(FailureClass.TERMINAL_INPUT, "INVALID_REQUEST");
    private static final BackendOutcome RATE_LIMITED =
            failure(FailureClass.REJECTED_RETRYABLE, BackendFailure.RATE_LIMITED);
    private static final BackendOutcome ABORTED = new BackendOutcome.Aborted();

    private final FakeBackend backend = new FakeBackend();
    private final AtomicLong nanos = new AtomicLong();
    private final Queue<JsonObject> events = new ConcurrentLinkedQueue<>();
    private final AtomicInteger changes = new AtomicInteger();
    private Vertx vertx;
    private BackendExecutor backendExecutor;

    @BeforeEach
    void start() {
        vertx = Vertx.vertx();
        vertx.eventBus().<JsonObject>localConsumer("darkroom.backend.events", event -> events.add(event.body()));
        backendExecutor = new BackendExecutor(
                vertx,
                backend,
                CONCURRENCY,
                new Settings.Breaker(
                        Duration.ofSeconds(60),
                        MINIMUM_CALLS,
                        50,
                        CONNECTION_FAILURES,
                        SLOW_CALL_DURATION,
                        80,
                        OPEN_DURATION,
                        MAX_OPEN_DURATION,
                        HALF_OPEN_CALLS,
                        null),
                MAX_RETRY_AFTER,
                nanos::get);
        backendExecutor.onChange(changes::incrementAndGet);
    }

    @AfterEach
    void stop() throws Exception {
        backendExecutor.close();
        get(vertx.close());
    }

    @Test
    void runsOnTheContextOfItsVerticle() throws Exception {
        // given
        BackendExecutorVerticle verticle = new BackendExecutorVerticle(owner -> new BackendExecutor(
                owner,
                backend,
                CONCURRENCY,
                new Settings.Breaker(
                        Duration.ofSeconds(60),
                        MINIMUM_CALLS,
                        50,
                        CONNECTION_FAILURES,
                        SLOW_CALL_DURATION,
                        80,
                        OPEN_DURATION,
                        MAX_OPEN_DURATION,
                        HALF_OPEN_CALLS,
                        null),
                MAX_RETRY_AFTER,
                nanos::get));
        String id = get(vertx.deployVerticle(verticle));
        CompletableFuture<String> context = new CompletableFuture<>();
        verticle.executor()
                .onChange(() -> context.complete(Vertx.currentContext().deploymentID()));

        // when
        verticle.executor().execute(REQUEST, new BackendCall(Duration.ofSeconds(60)));
        backend.complete(GENERATED);

        // then
        assertThat(context.get(30, TimeUnit.SECONDS)).isEqualTo(id);
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
    @EnumSource(names = {"TERMINAL_INPUT", "TERMINAL_AUTH", "MODERATED", "RESULT_FETCH"})
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
        await().atMost(30, TimeUnit.SECONDS).until(() -> backend.checks >= 6);

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.OPEN);
        assertThat(backendExecutor.availablePermits()).isZero();
        assertThat(backend.calls).isEqualTo(before);

        // when
        backend.health = HealthCheckResult.PASSED;

        // then
        await().atMost(30, TimeUnit.SECONDS).until(() -> backendExecutor.state() == BreakerState.HALF_OPEN);
        assertThat(backendExecutor.availablePermits()).isEqualTo(HALF_OPEN_CALLS);
    }

    @Test
    void breakerBecomesHalfOpenWhenTheHealthCheckKeepsFailing() throws Exception {
        // given
        backend.health = HealthCheckResult.FAILED;

        // when
        open();

        // then
        await().atMost(30, TimeUnit.SECONDS).until(() -> backendExecutor.state() == BreakerState.HALF_OPEN);
        assertThat(backend.checks).isEqualTo(4);
    }

    @Test
    void probeWithAnInternalFailureKeepsTheBreakerHalfOpen() throws Exception {
        // given
        halfOpen();

        // when
        call(failure(FailureClass.INTERNAL, "OUT_OF_RESOURCES"));

        // then
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
    void abortedProbeKeepsTheBreakerHalfOpen() throws Exception {
        // given
        halfOpen();

        // when
        Execution probe = call(ABORTED);

        // then
        assertThat(probe).isEqualTo(new Execution(ABORTED, true, false));
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.HALF_OPEN);
        assertThat(backendExecutor.availablePermits()).isEqualTo(HALF_OPEN_CALLS);
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

    private void open() throws Exception {
        for (int i = 0; i < CONNECTION_FAILURES; i++) {
            call(UNREACHABLE);
        }
    }

    private void halfOpen() throws Exception {
        open();
        awaitState(BreakerState.HALF_OPEN);
    }

    private void awaitState(BreakerState breakerState) {
        await().atMost(60, TimeUnit.SECONDS).until(() -> backendExecutor.state() == breakerState);
    }

    private Execution call(BackendOutcome backendOutcome) throws Exception {
        nanos.incrementAndGet();
        Future<Execution> running = run();
        nanos.incrementAndGet();
        backend.complete(backendOutcome);
        return get(running);
    }

    private Future<Execution> run() {
        return backendExecutor.execute(REQUEST, new BackendCall(Duration.ofSeconds(5)));
    }

    private List<String> types() {
        List<String> types = new ArrayList<>();
        events.forEach(event -> types.add(event.getString("type")));
        return types;
    }

    private static BackendOutcome failure(FailureClass failureClass, String code) {
        return new BackendOutcome.Failed(BackendFailure.of(failureClass, code, "message"));
    }

    private static BackendOutcome rateLimited(Duration retryAfter) {
        return new BackendOutcome.Failed(
                ((BackendOutcome.Failed) RATE_LIMITED).backendFailure().withRetryAfter(retryAfter));
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    /** Completes its calls on request of the test, the oldest first. */
    private static final class FakeBackend implements ImageBackend {
        private final Queue<Promise<BackendOutcome>> pending = new ArrayDeque<>();
        private int calls;
        private boolean throwing;
        private volatile HealthCheckResult health = HealthCheckResult.PASSED;
        private volatile int checks;

        @Override
        public Future<HealthCheckResult> checkHealth(Duration timeout) {
            checks++;
            return Future.succeededFuture(health);
        }

        @Override
        public String name() {
            return "fake";
        }

        @Override
        public Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall) {
            calls++;
            if (throwing) {
                throw new IllegalStateException("thrown exception");
            }
            Promise<BackendOutcome> outcome = Promise.promise();
            pending.add(outcome);
            return outcome.future();
        }

        void complete(BackendOutcome backendOutcome) {
            pending.remove().complete(backendOutcome);
        }

        @Override
        public Future<Void> close() {
            return Future.succeededFuture();
        }
    }
}
