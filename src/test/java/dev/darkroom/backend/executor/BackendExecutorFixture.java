package dev.darkroom.backend.executor;

import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.HealthCheckResult;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.executor.BackendExecutor.BreakerState;
import dev.darkroom.backend.executor.BackendExecutor.Execution;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.TestSettings;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
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

/** A {@link BackendExecutor} with a fake backend and a manual clock. */
abstract class BackendExecutorFixture {
    static final int CONCURRENCY = 3;
    static final int MINIMUM_CALLS = 10;
    static final int CONNECTION_FAILURES = 4;
    static final int HALF_OPEN_CALLS = 2;
    static final Duration SLOW_CALL_DURATION = Duration.ofSeconds(20);
    static final Duration OPEN_DURATION = Duration.ofMillis(150);
    static final Duration MAX_OPEN_DURATION = OPEN_DURATION;
    static final Duration MAX_RETRY_AFTER = Duration.ofMinutes(10);
    static final ImageRequest REQUEST =
            new ImageRequest("key", "a fox", null, 8, 8, 1, 1, null, null, InputImages.NONE, 0);

    static final BackendOutcome GENERATED = new BackendOutcome.Generated(List.of());
    static final BackendOutcome FAILED = failure(FailureClass.SERVER_ERROR, "SERVER_ERROR");
    static final BackendOutcome UNREACHABLE = failure(FailureClass.NOT_SENT, "CONNECTION_REFUSED");
    static final BackendOutcome TIMED_OUT = failure(FailureClass.AMBIGUOUS, BackendFailure.TIMED_OUT);
    static final BackendOutcome REJECTED = failure(FailureClass.TERMINAL_INPUT, "INVALID_REQUEST");
    static final BackendOutcome RATE_LIMITED = failure(FailureClass.REJECTED_RETRYABLE, BackendFailure.RATE_LIMITED);
    static final BackendOutcome ABORTED = new BackendOutcome.Aborted();

    static final BackendSettings.Breaker BREAKER = TestSettings.with(
            TestSettings.DEFAULTS.backend().breaker(),
            "minimumCalls",
            MINIMUM_CALLS,
            "connectionFailures",
            CONNECTION_FAILURES,
            "slowCallDuration",
            SLOW_CALL_DURATION,
            "slowCallPercent",
            80,
            "openDuration",
            OPEN_DURATION,
            "maxOpenDuration",
            MAX_OPEN_DURATION,
            "halfOpenCalls",
            HALF_OPEN_CALLS,
            "healthCheckPath",
            null);

    final FakeBackend backend = new FakeBackend();
    final AtomicLong nanos = new AtomicLong();
    final Queue<JsonObject> events = new ConcurrentLinkedQueue<>();
    final AtomicInteger changes = new AtomicInteger();
    Vertx vertx;
    BackendExecutor backendExecutor;

    @BeforeEach
    void start() {
        vertx = Vertx.vertx();
        vertx.eventBus().<JsonObject>localConsumer("darkroom.backend.events", event -> events.add(event.body()));
        backendExecutor = new BackendExecutor(vertx, backend, CONCURRENCY, 0, BREAKER, MAX_RETRY_AFTER, nanos::get);
        backendExecutor.onChange(changes::incrementAndGet);
    }

    @AfterEach
    void stop() throws Exception {
        backendExecutor.close();
        get(vertx.close());
    }

    void open() throws Exception {
        for (int i = 0; i < CONNECTION_FAILURES; i++) {
            call(UNREACHABLE);
        }
    }

    void halfOpen() throws Exception {
        open();
        awaitState(BreakerState.HALF_OPEN);
    }

    void awaitState(BreakerState breakerState) {
        await().atMost(60, TimeUnit.SECONDS).until(() -> backendExecutor.state() == breakerState);
    }

    Execution call(BackendOutcome backendOutcome) throws Exception {
        nanos.incrementAndGet();
        Future<Execution> running = run();
        nanos.incrementAndGet();
        backend.complete(backendOutcome);
        return get(running);
    }

    Future<Execution> run() {
        return backendExecutor.execute(REQUEST, new BackendCall(Duration.ofSeconds(5)));
    }

    List<String> types() {
        List<String> types = new ArrayList<>();
        events.forEach(event -> types.add(event.getString("type")));
        return types;
    }

    static BackendOutcome failure(FailureClass failureClass, String code) {
        return new BackendOutcome.Failed(BackendFailure.of(failureClass, code, "message"));
    }

    static BackendOutcome rateLimited(Duration retryAfter) {
        return new BackendOutcome.Failed(
                ((BackendOutcome.Failed) RATE_LIMITED).backendFailure().withRetryAfter(retryAfter));
    }

    static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    /** Completes its calls on request of the test, the oldest first. */
    static final class FakeBackend implements ImageBackend {
        final Queue<Promise<BackendOutcome>> pending = new ArrayDeque<>();
        int calls;
        boolean throwing;
        volatile HealthCheckResult health = HealthCheckResult.PASSED;
        volatile int checks;

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

        @Override
        public Future<BackendOutcome> lookUp(ImageRequest request, BackendCall backendCall) {
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
