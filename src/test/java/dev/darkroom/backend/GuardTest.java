package dev.darkroom.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.Guard.Guarded;
import dev.darkroom.backend.Guard.State;
import dev.darkroom.config.Settings;
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

class GuardTest {
    private static final int CONCURRENCY = 3;
    private static final int FAILURES = 4;
    private static final Duration RESET = Duration.ofMillis(150);
    private static final Duration MAX_RETRY_AFTER = Duration.ofMinutes(10);
    private static final ImageRequest REQUEST = new ImageRequest("key", "a fox", null, 8, 8, 1, 1, null);

    private static final Outcome PICTURES = new Outcome.Generated(List.of());
    private static final Outcome SICK = failure(FailureClass.SERVER_ERROR, "SERVER_ERROR");
    private static final Outcome REFUSED = failure(FailureClass.TERMINAL_INPUT, "INVALID_REQUEST");
    private static final Outcome RATE_LIMITED = failure(FailureClass.REJECTED_RETRYABLE, Failure.RATE_LIMITED);
    private static final Outcome ABORTED = new Outcome.Aborted();

    private final FakeBackend backend = new FakeBackend();
    private final AtomicLong nanos = new AtomicLong();
    private final Queue<JsonObject> events = new ConcurrentLinkedQueue<>();
    private final AtomicInteger changes = new AtomicInteger();
    private Vertx vertx;
    private Guard guard;

    @BeforeEach
    void start() {
        vertx = Vertx.vertx();
        vertx.eventBus().<JsonObject>localConsumer("darkroom.backend.events", event -> events.add(event.body()));
        guard = new Guard(
                vertx,
                backend,
                CONCURRENCY,
                new Settings.Breaker(FAILURES, Duration.ofSeconds(60), RESET),
                MAX_RETRY_AFTER,
                nanos::get);
        guard.onChange(changes::incrementAndGet);
    }

    @AfterEach
    void stop() throws Exception {
        guard.close();
        get(vertx.close());
    }

    @Test
    void permitsAreTheLimitLessTheCallsUnderWay() throws Exception {
        // given
        Future<Guarded> first = run();
        run();

        // then
        assertThat(guard.permits()).isEqualTo(1);

        // when
        run();
        Guarded oneTooMany = get(run());

        // then
        assertThat(guard.permits()).isZero();
        assertThat(oneTooMany).isEqualTo(new Guarded(new Outcome.NotStarted(), false));
        assertThat(backend.calls).isEqualTo(3);

        // when
        backend.answer(PICTURES);

        // then
        assertThat(get(first)).isEqualTo(new Guarded(PICTURES, false));
        assertThat(guard.permits()).isEqualTo(1);
        await().atMost(5, TimeUnit.SECONDS).until(() -> changes.get() == 1);
    }

    @Test
    void breakerOpensAfterItsNumberOfFailuresAndNotBefore() throws Exception {
        // when
        for (int i = 1; i < FAILURES; i++) {
            call(SICK);
        }

        // then
        assertThat(guard.state()).isEqualTo(State.CLOSED);

        // when
        Guarded last = call(SICK);

        // then
        assertThat(last).isEqualTo(new Guarded(SICK, false));
        assertThat(guard.state()).isEqualTo(State.OPEN);
        assertThat(guard.permits()).isZero();
        assertThat(get(run()).outcome()).isInstanceOf(Outcome.NotStarted.class);
        assertThat(backend.calls).isEqualTo(FAILURES);
    }

    @ParameterizedTest
    @EnumSource(names = {"TERMINAL_INPUT", "TERMINAL_AUTH", "MODERATED", "RESULT_FETCH"})
    void failuresThatAreNotTheServersDoNotOpenTheBreaker(FailureClass failureClass) throws Exception {
        // when
        for (int i = 0; i < 3 * FAILURES; i++) {
            call(failure(failureClass, "WHATEVER"));
        }

        // then
        assertThat(guard.state()).isEqualTo(State.CLOSED);
        assertThat(guard.permits()).isEqualTo(CONCURRENCY);
    }

    @Test
    void refusedRequestsAndAbortsDoNotHideFailures() throws Exception {
        // when
        for (int i = 0; i < FAILURES; i++) {
            call(REFUSED);
            call(ABORTED);
            call(SICK);
        }

        // then
        assertThat(guard.state()).isEqualTo(State.OPEN);
    }

    @Test
    void successForgetsEarlierFailures() throws Exception {
        for (int i = 0; i < 3; i++) {
            for (int n = 1; n < FAILURES; n++) {
                call(SICK);
            }
            call(PICTURES);
        }
        assertThat(guard.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void halfOpenLetsOneProbeThroughAndItsSuccessCloses() throws Exception {
        // given
        halfOpen();
        int before = backend.calls;

        // when
        Future<Guarded> probe = run();

        // then
        assertThat(guard.permits()).isZero();
        assertThat(get(run()).outcome()).isInstanceOf(Outcome.NotStarted.class);
        assertThat(backend.calls).isEqualTo(before + 1);

        // when
        backend.answer(PICTURES);

        // then
        assertThat(get(probe)).isEqualTo(new Guarded(PICTURES, true));
        assertThat(guard.state()).isEqualTo(State.CLOSED);
        assertThat(guard.permits()).isEqualTo(CONCURRENCY);
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
        Guarded probe = call(failure(failureClass, code));

        // then
        assertThat(probe.probe()).isTrue();
        assertThat(guard.state()).isEqualTo(State.OPEN);
        nanos.addAndGet(TimeUnit.MINUTES.toNanos(1));
        awaitState(State.HALF_OPEN);
        assertThat(guard.permits()).isEqualTo(1);
        assertThat(call(PICTURES).probe()).isTrue();
        assertThat(guard.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void abortedProbeIsFollowedByAnother() throws Exception {
        // given
        halfOpen();

        // when
        Guarded probe = call(ABORTED);

        // then
        assertThat(probe).isEqualTo(new Guarded(ABORTED, true));
        assertThat(guard.state()).isEqualTo(State.OPEN);
        awaitState(State.HALF_OPEN);
        assertThat(guard.permits()).isEqualTo(1);
    }

    @Test
    void moderatedProbeShowsThatTheServerWorks() throws Exception {
        halfOpen();
        call(failure(FailureClass.MODERATED, "MODERATED"));
        assertThat(guard.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void callThatBeganBeforeTheOutageAndSucceedsDuringAProbeLosesNoPermit() throws Exception {
        // given a call that hangs while others fail
        Future<Guarded> slow = run();
        Promise<Outcome> slowAnswer = backend.waiting.poll();
        halfOpen();
        Future<Guarded> probe = run();

        // when
        slowAnswer.complete(PICTURES);
        assertThat(get(slow).probe()).isFalse();
        backend.answer(PICTURES);
        assertThat(get(probe).probe()).isTrue();

        // then
        assertThat(guard.state()).isEqualTo(State.CLOSED);
        assertThat(guard.permits()).isEqualTo(CONCURRENCY);
    }

    @Test
    void rateLimitPausesTheBackendForAsLongAsItAsks() throws Exception {
        // when
        call(rateLimited(Duration.ofSeconds(7)));

        // then
        assertThat(guard.state()).isEqualTo(State.CLOSED);
        assertThat(guard.permits()).isZero();
        assertThat(guard.pausedFor()).isEqualTo(Duration.ofSeconds(7));
        assertThat(get(run()).outcome()).isInstanceOf(Outcome.NotStarted.class);

        // when
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(7));

        // then
        assertThat(guard.permits()).isEqualTo(CONCURRENCY);
        assertThat(guard.pausedFor()).isZero();
    }

    @Test
    void absurdWaitIsCapped() throws Exception {
        call(rateLimited(Duration.ofDays(36_500)));
        assertThat(guard.pausedFor()).isEqualTo(MAX_RETRY_AFTER);
    }

    @Test
    void endOfAPauseIsAnnounced() throws Exception {
        // given
        call(RATE_LIMITED);
        await().atMost(5, TimeUnit.SECONDS).until(() -> changes.get() == 1);

        // when
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(2));

        // then
        await().atMost(5, TimeUnit.SECONDS).until(() -> changes.get() == 2);
        assertThat(types()).containsExactly("backend.paused", "backend.resumed");
    }

    @Test
    void rateLimitsNeverOpenTheBreaker() throws Exception {
        for (int i = 0; i < 3 * FAILURES; i++) {
            call(RATE_LIMITED);
            nanos.addAndGet(TimeUnit.MINUTES.toNanos(1));
        }
        assertThat(guard.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void changesOfTheBreakerArePublished() throws Exception {
        // given
        halfOpen();

        // when
        call(PICTURES);

        // then
        await().atMost(5, TimeUnit.SECONDS).until(() -> events.size() == 3);
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
        Future<Guarded> failed = run();
        backend.waiting.remove().fail(new IllegalStateException("broken promise"));
        backend.throwing = true;

        // then
        assertThat(((Outcome.Failed) get(failed).outcome()).failure().code()).isEqualTo("INTERNAL_ERROR");
        assertThat(((Outcome.Failed) get(run()).outcome()).failure().code()).isEqualTo("INTERNAL_ERROR");
        assertThat(guard.permits()).isEqualTo(CONCURRENCY);
    }

    @Test
    void closedGuardLetsNothingThrough() throws Exception {
        guard.close();
        assertThat(guard.permits()).isZero();
        assertThat(get(run()).outcome()).isInstanceOf(Outcome.NotStarted.class);
    }

    private void halfOpen() throws Exception {
        for (int i = 0; i < FAILURES; i++) {
            call(SICK);
        }
        awaitState(State.HALF_OPEN);
    }

    private void awaitState(State state) {
        await().atMost(5, TimeUnit.SECONDS).until(() -> guard.state() == state);
    }

    private Guarded call(Outcome outcome) throws Exception {
        nanos.incrementAndGet();
        Future<Guarded> running = run();
        nanos.incrementAndGet();
        backend.answer(outcome);
        return get(running);
    }

    private Future<Guarded> run() {
        return guard.run(REQUEST, new Call(Duration.ofSeconds(5)));
    }

    private List<String> types() {
        List<String> types = new ArrayList<>();
        events.forEach(event -> types.add(event.getString("type")));
        return types;
    }

    private static Outcome failure(FailureClass failureClass, String code) {
        return new Outcome.Failed(Failure.of(failureClass, code, "message"));
    }

    private static Outcome rateLimited(Duration retryAfter) {
        return new Outcome.Failed(((Outcome.Failed) RATE_LIMITED).failure().withRetryAfter(retryAfter));
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    /** Answers when the test says so, the oldest call first. */
    private static final class FakeBackend implements ImageBackend {
        private final Queue<Promise<Outcome>> waiting = new ArrayDeque<>();
        private int calls;
        private boolean throwing;

        @Override
        public String name() {
            return "fake";
        }

        @Override
        public Future<Outcome> generate(ImageRequest request, Call call) {
            calls++;
            if (throwing) {
                throw new IllegalStateException("not even a future");
            }
            Promise<Outcome> answer = Promise.promise();
            waiting.add(answer);
            return answer.future();
        }

        void answer(Outcome outcome) {
            waiting.remove().complete(outcome);
        }

        @Override
        public Future<Void> close() {
            return Future.succeededFuture();
        }
    }
}
