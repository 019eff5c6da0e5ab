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
    private static final int MINIMUM = 10;
    private static final int CONNECTION_FAILURES = 4;
    private static final int PROBES = 2;
    private static final Duration SLOW = Duration.ofSeconds(20);
    private static final Duration RESET = Duration.ofMillis(150);
    private static final Duration MAX_RESET = RESET;
    private static final Duration MAX_RETRY_AFTER = Duration.ofMinutes(10);
    private static final ImageRequest REQUEST = new ImageRequest("key", "a fox", null, 8, 8, 1, 1, null);

    private static final BackendOutcome PICTURES = new BackendOutcome.Generated(List.of());
    private static final BackendOutcome SICK = failure(FailureClass.SERVER_ERROR, "SERVER_ERROR");
    private static final BackendOutcome UNREACHABLE = failure(FailureClass.NOT_SENT, "CONNECTION_REFUSED");
    private static final BackendOutcome TIMED_OUT = failure(FailureClass.AMBIGUOUS, BackendFailure.TIMED_OUT);
    private static final BackendOutcome REFUSED = failure(FailureClass.TERMINAL_INPUT, "INVALID_REQUEST");
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
                        MINIMUM,
                        50,
                        CONNECTION_FAILURES,
                        SLOW,
                        80,
                        RESET,
                        MAX_RESET,
                        PROBES,
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
                        MINIMUM,
                        50,
                        CONNECTION_FAILURES,
                        SLOW,
                        80,
                        RESET,
                        MAX_RESET,
                        PROBES,
                        null),
                MAX_RETRY_AFTER,
                nanos::get));
        String id = get(vertx.deployVerticle(verticle));
        CompletableFuture<String> context = new CompletableFuture<>();
        verticle.executor()
                .onChange(() -> context.complete(Vertx.currentContext().deploymentID()));

        // when
        verticle.executor().execute(REQUEST, new BackendCall(Duration.ofSeconds(60)));
        backend.answer(PICTURES);

        // then
        assertThat(context.get(30, TimeUnit.SECONDS)).isEqualTo(id);
    }

    @Test
    void permitsAreTheLimitLessTheCallsUnderWay() throws Exception {
        // given
        Future<Execution> first = run();
        run();

        // then
        assertThat(backendExecutor.availablePermits()).isEqualTo(1);

        // when
        run();
        Execution oneTooMany = get(run());

        // then
        assertThat(backendExecutor.availablePermits()).isZero();
        assertThat(oneTooMany).isEqualTo(new Execution(new BackendOutcome.NotStarted(), false, false));
        assertThat(backend.calls).isEqualTo(3);

        // when
        backend.answer(PICTURES);

        // then
        assertThat(get(first)).isEqualTo(new Execution(PICTURES, false, false));
        assertThat(backendExecutor.availablePermits()).isEqualTo(1);
        await().atMost(60, TimeUnit.SECONDS).until(() -> changes.get() == 1);
    }

    @Test
    void breakerOpensAtItsFailureRateOverEnoughCallsAndNotBefore() throws Exception {
        // when
        for (int i = 1; i < MINIMUM; i++) {
            call(i % 2 == 0 ? SICK : PICTURES);
        }

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.CLOSED);

        // when
        Execution last = call(SICK);

        // then
        assertThat(last.backendOutcome()).isEqualTo(SICK);
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.OPEN);
        assertThat(backendExecutor.availablePermits()).isZero();
        assertThat(get(run()).backendOutcome()).isInstanceOf(BackendOutcome.NotStarted.class);
        assertThat(backend.calls).isEqualTo(MINIMUM);
    }

    @Test
    void failuresBelowTheRateLeaveItClosed() throws Exception {
        for (int i = 0; i < 10 * MINIMUM; i++) {
            call(i % 3 == 2 ? SICK : PICTURES);
        }
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.CLOSED);
    }

    @Test
    void whatLiesBeforeTheWindowIsForgotten() throws Exception {
        // given
        for (int i = 1; i < MINIMUM; i++) {
            call(SICK);
        }

        // when
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(61));
        call(SICK);

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.CLOSED);
    }

    @Test
    void eightyPercentRandomFailuresOpenItWhereTheLibrarysOwnRuleMayNot() throws Exception {
        // given a server that fails four calls of five, in an order that never has five failures in a row
        CircuitBreaker stock = CircuitBreaker.create(
                "stock", vertx, new CircuitBreakerOptions().setMaxFailures(5).setFailuresRollingWindow(60_000));
        int calls = 0;

        // when
        while (backendExecutor.state() == BreakerState.CLOSED && calls < 100) {
            boolean well = calls++ % 5 == 4;
            call(well ? PICTURES : SICK);
            stock.<Void>execute(() -> well ? Future.succeededFuture() : Future.failedFuture("sick"))
                    .otherwiseEmpty();
        }

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.OPEN);
        assertThat(calls).isEqualTo(MINIMUM);
        for (int i = 0; i < 100; i++) {
            boolean well = i % 5 == 4;
            get(stock.<Void>execute(() -> well ? Future.succeededFuture() : Future.failedFuture("sick"))
                    .otherwiseEmpty());
        }
        assertThat(stock.state()).isEqualTo(CircuitBreakerState.CLOSED);
    }

    @Test
    void connectionFailuresInARowOpenItHoweverFewTheyAre() throws Exception {
        // when one call gets through in between
        for (int i = 1; i < CONNECTION_FAILURES; i++) {
            call(UNREACHABLE);
        }
        call(PICTURES);
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
    void aServerThatIsAlmostAlwaysSlowIsSickToo() throws Exception {
        for (int i = 0; i < MINIMUM; i++) {
            Future<Execution> running = run();
            nanos.addAndGet(i < 2 ? 1 : SLOW.toNanos() / 4);
            nanos.addAndGet(i < 2 ? 0 : SLOW.toNanos() / 4 * 3);
            backend.answer(PICTURES);
            get(running);
            nanos.addAndGet(-(i < 2 ? 1 : SLOW.toNanos()));
        }
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.OPEN);
    }

    @ParameterizedTest
    @EnumSource(names = {"TERMINAL_INPUT", "TERMINAL_AUTH", "MODERATED", "RESULT_FETCH"})
    void failuresThatAreNotTheServersDoNotOpenTheBreaker(FailureClass failureClass) throws Exception {
        // when
        for (int i = 0; i < 3 * MINIMUM; i++) {
            call(failure(failureClass, "WHATEVER"));
        }

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.CLOSED);
        assertThat(backendExecutor.availablePermits()).isEqualTo(CONCURRENCY);
    }

    @Test
    void refusedRequestsAndAbortsDoNotHideFailures() throws Exception {
        // when
        for (int i = 0; i < MINIMUM; i++) {
            call(REFUSED);
            call(ABORTED);
            call(SICK);
        }

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.OPEN);
    }

    @Test
    void halfOpenLetsAFewProbesThroughAndClosesWhenAllGoWell() throws Exception {
        // given
        halfOpen();
        int before = backend.calls;

        // when
        Future<Execution> first = run();
        Future<Execution> second = run();

        // then
        assertThat(backendExecutor.availablePermits()).isZero();
        assertThat(get(run()).backendOutcome()).isInstanceOf(BackendOutcome.NotStarted.class);
        assertThat(backend.calls).isEqualTo(before + PROBES);

        // when
        backend.answer(PICTURES);
        assertThat(get(first).probe()).isTrue();

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.HALF_OPEN);

        // when
        backend.answer(PICTURES);
        assertThat(get(second).probe()).isTrue();

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.CLOSED);
    }

    @Test
    void noGenerationIsRiskedWhileTheHealthCheckIsNotAnswered() throws Exception {
        // given
        backend.health = HealthCheckResult.UNREACHABLE;
        open();
        int before = backend.calls;

        // when it was tried again and again
        await().atMost(30, TimeUnit.SECONDS).until(() -> backend.checks >= 6);

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.OPEN);
        assertThat(backendExecutor.availablePermits()).isZero();
        assertThat(backend.calls).isEqualTo(before);

        // when
        backend.health = HealthCheckResult.PASSED;

        // then
        await().atMost(30, TimeUnit.SECONDS).until(() -> backendExecutor.state() == BreakerState.HALF_OPEN);
        assertThat(backendExecutor.availablePermits()).isEqualTo(PROBES);
    }

    @Test
    void aServerWhoseHealthCheckFailsForGoodIsStillTriedWithAGeneration() throws Exception {
        // given
        backend.health = HealthCheckResult.FAILED;

        // when
        open();

        // then
        await().atMost(30, TimeUnit.SECONDS).until(() -> backendExecutor.state() == BreakerState.HALF_OPEN);
        assertThat(backend.checks).isEqualTo(4);
    }

    @Test
    void aProbeThatFailsForAReasonOfOurOwnProvesNothing() throws Exception {
        // given
        halfOpen();

        // when
        call(failure(FailureClass.INTERNAL, "OUT_OF_RESOURCES"));

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.HALF_OPEN);
        assertThat(backendExecutor.availablePermits()).isEqualTo(PROBES);
    }

    @Test
    void workComesBackOneByOneAfterAnOutage() throws Exception {
        // given
        halfOpen();
        call(PICTURES);
        call(PICTURES);

        // then as many as there were probes
        assertThat(backendExecutor.availablePermits()).isEqualTo(PROBES);

        // when
        call(PICTURES);

        // then one more
        assertThat(backendExecutor.availablePermits()).isEqualTo(PROBES + 1).isEqualTo(CONCURRENCY);
    }

    @Test
    void aSecondProbeThatFailsLaterDoesNotOpenItTwice() throws Exception {
        // given
        halfOpen();
        Future<Execution> first = run();
        Future<Execution> second = run();

        // when
        backend.answer(SICK);
        get(first);
        backend.answer(SICK);
        get(second);

        // then
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> types().stream().filter("breaker.halfOpen"::equals).count() == 2);
        assertThat(types().stream().filter("breaker.opened"::equals)).hasSize(2);
        assertThat(backendExecutor.availablePermits()).isEqualTo(PROBES);
    }

    @Test
    void manyFailuresUseTheRetryBudgetUpAndSuccessesRefillIt() throws Exception {
        // when
        Execution last = null;
        for (int i = 0; i < 20; i++) {
            call(PICTURES);
            call(PICTURES);
            last = call(i % 2 == 0 ? SICK : TIMED_OUT);
        }

        // then
        assertThat(last.retryBudgetExhausted()).isTrue();

        // when
        Execution well = call(PICTURES);

        // then
        assertThat(well.retryBudgetExhausted()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "SERVER_ERROR,SERVER_ERROR",
        "AMBIGUOUS,TIMED_OUT",
        "REJECTED_RETRYABLE,RATE_LIMITED",
        "TERMINAL_INPUT,NOT_FOUND",
        "TERMINAL_AUTH,FORBIDDEN"
    })
    void probeThatBringsNoGoodNewsOpensAgainAndIsFollowedByAnother(FailureClass failureClass, String code)
            throws Exception {
        // given
        halfOpen();

        // when
        Execution probe = call(failure(failureClass, code));

        // then
        assertThat(probe.probe()).isTrue();
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.OPEN);
        nanos.addAndGet(TimeUnit.MINUTES.toNanos(1));
        awaitState(BreakerState.HALF_OPEN);
        assertThat(backendExecutor.availablePermits()).isEqualTo(PROBES);
        assertThat(call(PICTURES).probe()).isTrue();
        assertThat(call(PICTURES).probe()).isTrue();
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.CLOSED);
    }

    @Test
    void abortedProbeIsFollowedByAnother() throws Exception {
        // given
        halfOpen();

        // when
        Execution probe = call(ABORTED);

        // then
        assertThat(probe).isEqualTo(new Execution(ABORTED, true, false));
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.HALF_OPEN);
        assertThat(backendExecutor.availablePermits()).isEqualTo(PROBES);
    }

    @Test
    void moderatedProbeShowsThatTheServerWorks() throws Exception {
        halfOpen();
        call(failure(FailureClass.MODERATED, "MODERATED"));
        call(failure(FailureClass.MODERATED, "MODERATED"));
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.CLOSED);
    }

    @Test
    void callThatBeganBeforeTheOutageAndSucceedsDuringAProbeLosesNoPermit() throws Exception {
        // given a call that hangs while others fail
        Future<Execution> slow = run();
        Promise<BackendOutcome> slowAnswer = backend.waiting.poll();
        halfOpen();
        Future<Execution> probe = run();

        // when
        slowAnswer.complete(PICTURES);
        assertThat(get(slow).probe()).isFalse();
        backend.answer(PICTURES);
        assertThat(get(probe).probe()).isTrue();

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.HALF_OPEN);
        assertThat(backendExecutor.availablePermits()).isEqualTo(PROBES);
    }

    @Test
    void rateLimitPausesTheBackendForAsLongAsItAsks() throws Exception {
        // when
        call(rateLimited(Duration.ofSeconds(7)));

        // then
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.CLOSED);
        assertThat(backendExecutor.availablePermits()).isZero();
        assertThat(backendExecutor.remainingPause()).isEqualTo(Duration.ofSeconds(7));
        assertThat(get(run()).backendOutcome()).isInstanceOf(BackendOutcome.NotStarted.class);

        // when
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(7));

        // then: it is called again, by fewer at once
        assertThat(backendExecutor.availablePermits()).isEqualTo((int) (CONCURRENCY * 0.7));
        assertThat(backendExecutor.concurrency()).isEqualTo(backendExecutor.availablePermits());
        assertThat(backendExecutor.remainingPause()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"UNAVAILABLE, 503, 1", "TIMED_OUT, , 1", "SERVER_ERROR, 500, 0", "INVALID_RESPONSE, 200, 0"})
    void anOverloadedServerIsCalledByFewerAtOnce(String code, Integer status, int fewer) throws Exception {
        // given
        BackendFailure backendFailure = BackendFailure.of(FailureClass.SERVER_ERROR, code, "message");

        // when
        call(new BackendOutcome.Failed(status == null ? backendFailure : backendFailure.withHttpStatus(status)));

        // then
        assertThat(backendExecutor.concurrency()).isEqualTo(CONCURRENCY - fewer);
        assertThat(backendExecutor.availablePermits()).isEqualTo(backendExecutor.concurrency());
    }

    @Test
    void absurdWaitIsCapped() throws Exception {
        call(rateLimited(Duration.ofDays(36_500)));
        assertThat(backendExecutor.remainingPause()).isEqualTo(MAX_RETRY_AFTER);
    }

    @Test
    void endOfAPauseIsAnnounced() throws Exception {
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
        for (int i = 0; i < 3 * MINIMUM; i++) {
            call(RATE_LIMITED);
            nanos.addAndGet(TimeUnit.MINUTES.toNanos(1));
        }
        assertThat(backendExecutor.state()).isEqualTo(BreakerState.CLOSED);
    }

    @Test
    void changesOfTheBreakerArePublished() throws Exception {
        // given
        halfOpen();

        // when
        call(PICTURES);
        call(PICTURES);

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
    void worseThanPromisedBackendStillEndsItsCalls() throws Exception {
        // given
        Future<Execution> failed = run();
        backend.waiting.remove().fail(new IllegalStateException("broken promise"));
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
    void closedGuardLetsNothingThrough() throws Exception {
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
        backend.answer(backendOutcome);
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

    /** Answers when the test says so, the oldest call first. */
    private static final class FakeBackend implements ImageBackend {
        private final Queue<Promise<BackendOutcome>> waiting = new ArrayDeque<>();
        private int calls;
        private boolean throwing;
        private volatile HealthCheckResult health = HealthCheckResult.PASSED;
        private volatile int checks;

        @Override
        public Future<HealthCheckResult> checkHealth(Duration limit) {
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
                throw new IllegalStateException("not even a future");
            }
            Promise<BackendOutcome> answer = Promise.promise();
            waiting.add(answer);
            return answer.future();
        }

        void answer(BackendOutcome backendOutcome) {
            waiting.remove().complete(backendOutcome);
        }

        @Override
        public Future<Void> close() {
            return Future.succeededFuture();
        }
    }
}
