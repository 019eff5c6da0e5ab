package dev.darkroom.backend;

import dev.darkroom.config.Settings;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands before one AI server and lets calls through: never more at once than the limit, none while the circuit breaker
 * is open or the server asked for a pause, a few to probe when it is half-open. One guard per backend and process.
 *
 * <p>Thread-safe. Change handlers and the timers behind them run on the guard's own context, which is usually not the
 * caller's: a handler hops to where it belongs. No lock is held while anything foreign is called.
 *
 * <p>What each outcome says of the AI server is decided by {@link HealthVerdict}, when the breaker opens and closes by
 * {@link BackendCircuitBreaker}.
 */
public final class BackendExecutor {
    private static final Logger LOG = LoggerFactory.getLogger(BackendExecutor.class);
    private static final BackendFailure BACKEND_EXCEPTION =
            BackendFailure.of(FailureClass.INTERNAL, "INTERNAL_ERROR", "The call failed for a reason of our own.");

    private static final Duration HEALTH_CHECK_TIMEOUT = Duration.ofSeconds(5);

    /** Whether calls are let through. */
    public enum BreakerState {
        /** They are. */
        CLOSED,
        /** None is. */
        OPEN,
        /** A few are, to see whether the AI server is well again. */
        HALF_OPEN
    }

    /**
     * How a call ended.
     *
     * @param probe true when it tried a half-open breaker
     * @param retryBudgetExhausted true when failures have used up the retry budget: a retry should take its time
     */
    public record Execution(BackendOutcome backendOutcome, boolean probe, boolean retryBudgetExhausted) {}

    private final Vertx vertx;
    private final ImageBackend backend;
    private final LongSupplier nanoTime;
    private final Context context;
    private final BackendCircuitBreaker backendCircuitBreaker;
    private final RateLimitPause rateLimitPause;
    private final BackendEventPublisher events;
    private final List<Runnable> changeHandlers = new CopyOnWriteArrayList<>();

    // Guarded by this.
    private final RetryBudget retryBudget = new RetryBudget();
    private int activeCalls;
    private boolean closed;

    /**
     * @param concurrency calls at once, at least 1
     * @param maxRetryAfter the longest pause an AI server can ask for
     * @param nanoTime as {@link System#nanoTime()}
     */
    public BackendExecutor(
            Vertx vertx,
            ImageBackend backend,
            int concurrency,
            Settings.Breaker breaker,
            Duration maxRetryAfter,
            LongSupplier nanoTime) {
        this.vertx = vertx;
        this.backend = backend;
        this.nanoTime = nanoTime;
        this.context = vertx.getOrCreateContext();
        this.rateLimitPause = new RateLimitPause(maxRetryAfter, nanoTime);
        this.events = new BackendEventPublisher(vertx, backend.name());
        this.backendCircuitBreaker = new BackendCircuitBreaker(
                vertx,
                "darkroom.backend." + backend.name(),
                concurrency,
                breaker,
                nanoTime,
                () -> backend.checkHealth(HEALTH_CHECK_TIMEOUT).otherwise(error -> HealthCheckResult.UNREACHABLE),
                this::onBreakerState);
    }

    /** How many calls may be started now. */
    public synchronized int availablePermits() {
        return closed || rateLimitPause.remaining().toNanos() > 0
                ? 0
                : backendCircuitBreaker.availablePermits(activeCalls);
    }

    private synchronized int activeCalls() {
        return activeCalls;
    }

    /** How many calls at once the AI server is given as things are; 0 while it gets none. */
    public synchronized int concurrency() {
        return closed || rateLimitPause.remaining().toNanos() > 0 ? 0 : backendCircuitBreaker.concurrency();
    }

    /** Whether calls are let through. */
    public BreakerState state() {
        return backendCircuitBreaker.state();
    }

    /** How long the AI server asked to be left alone, from now on; zero when it did not. */
    public synchronized Duration remainingPause() {
        return rateLimitPause.remaining();
    }

    /** How it stands, for operators: {@code {"name", "breaker", "pausedMs", "concurrency", "permits"}}. */
    public JsonObject toJson() {
        return new JsonObject()
                .put("name", backend.name())
                .put("breaker", state().name())
                .put("pausedMs", remainingPause().toMillis())
                .put("concurrency", concurrency())
                .put("permits", availablePermits());
    }

    /** Calls {@code handler} whenever {@link #availablePermits()} may have grown. It is called on a context of the guard's. */
    public void onChange(Runnable handler) {
        changeHandlers.add(handler);
    }

    /**
     * Makes one call, if it is let through.
     *
     * @return completes with how it ended, never fails; {@link BackendOutcome.NotStarted} when it was not let through
     */
    public Future<Execution> execute(ImageRequest request, BackendCall backendCall) {
        BackendCircuitBreaker.Permit pass;
        synchronized (this) {
            if (availablePermits() == 0) {
                return Future.succeededFuture(new Execution(new BackendOutcome.NotStarted(), false, false));
            }
            activeCalls++;
            pass = backendCircuitBreaker.acquirePermit();
        }
        long startedAt = nanoTime.getAsLong();
        return backendCircuitBreaker
                .run(pass, () -> callBackend(request, backendCall))
                .map(backendOutcome -> {
                    backendCircuitBreaker.recordOutcome(
                            pass, backendOutcome, Duration.ofNanos(nanoTime.getAsLong() - startedAt), activeCalls());
                    boolean slowDown = recordOutcome(backendOutcome);
                    if (backendOutcome instanceof BackendOutcome.Failed failed
                            && failed.backendFailure().rateLimited()) {
                        pause(startedAt, failed.backendFailure().retryAfter());
                    }
                    notifyChangeHandlers();
                    return new Execution(backendOutcome, pass.probe(), slowDown);
                });
    }

    private Future<BackendOutcome> callBackend(ImageRequest request, BackendCall backendCall) {
        Future<BackendOutcome> outcome;
        try {
            outcome = backend.generate(request, backendCall);
        } catch (RuntimeException e) {
            outcome = Future.failedFuture(e);
        }
        return outcome.otherwise(cause -> {
            LOG.atError()
                    .addKeyValue("backend", backend.name())
                    .addKeyValue("generation", request.key())
                    .setCause(cause)
                    .log("backend broke its promise never to fail");
            return new BackendOutcome.Failed(BACKEND_EXCEPTION);
        });
    }

    /** Gives the permit back and settles the retry budget; whether it is used up. */
    private synchronized boolean recordOutcome(BackendOutcome backendOutcome) {
        activeCalls--;
        if (backendOutcome instanceof BackendOutcome.Generated) {
            rateLimitPause.resetBackoff();
        }
        switch (HealthVerdict.of(backendOutcome)) {
            case SUCCESS -> retryBudget.recordSuccess();
            case FAILURE ->
                retryBudget.recordFailure(((BackendOutcome.Failed) backendOutcome)
                        .backendFailure()
                        .timedOut());
            case IGNORED -> {
                // Costs nothing.
            }
        }
        return retryBudget.exhausted();
    }

    private void pause(long callStartedAt, Duration asked) {
        boolean begins;
        Duration left;
        synchronized (this) {
            begins = rateLimitPause.recordRateLimit(callStartedAt, asked);
            left = rateLimitPause.remaining();
        }
        if (begins) {
            events.publishPaused(left);
            scheduleResume(left);
        }
    }

    private void scheduleResume(Duration left) {
        vertx.setTimer(left.toMillis() + 1, t -> {
            Duration stillLeft;
            synchronized (this) {
                stillLeft = rateLimitPause.remaining();
                if (stillLeft.isZero()) {
                    rateLimitPause.finish();
                }
            }
            if (!stillLeft.isZero()) {
                scheduleResume(stillLeft);
                return;
            }
            events.publishResumed();
            notifyChangeHandlers();
        });
    }

    private void onBreakerState(BreakerState now) {
        events.publishBreakerState(now);
        if (now != BreakerState.OPEN) {
            notifyChangeHandlers();
        }
    }

    private void notifyChangeHandlers() {
        context.runOnContext(v -> changeHandlers.forEach(Runnable::run));
    }

    /** Lets nothing through any more. Calls under way go on; the backend is closed by whoever made it. */
    public void close() {
        synchronized (this) {
            closed = true;
        }
        changeHandlers.clear();
        backendCircuitBreaker.close();
    }
}
