package dev.darkroom.backend.executor;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendKeyStatus;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.HealthCheckResult;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.JobReference;
import dev.darkroom.config.BackendSettings;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the calls to one AI server within its concurrency limit. Starts no call while the circuit breaker is open or a rate
 * limit pauses the backend, and a few probes while the breaker is half-open. One executor per backend and process.
 *
 * <p>Thread-safe. Change handlers and their timers run on the context of the executor, usually not on the context of the
 * caller, so a handler has to switch to its own. No lock is held while code of another class is called.
 *
 * <p>{@link CallAdmission} decides about drains, pauses and rate limits. {@link HealthVerdict} classifies the outcomes. {@link
 * BackendCircuitBreaker} decides when the breaker opens and closes.
 */
public final class BackendExecutor {
    private static final Logger LOG = LoggerFactory.getLogger(BackendExecutor.class);
    private static final Duration HEALTH_CHECK_TIMEOUT = Duration.ofSeconds(5);

    /** State of the circuit breaker. */
    public enum BreakerState {
        /** Calls are permitted. */
        CLOSED,
        /** No call is permitted. */
        OPEN,
        /** A few calls are permitted, to probe whether the AI server has recovered. */
        HALF_OPEN
    }

    /**
     * Result of one call.
     *
     * @param probe true when the breaker was half-open
     * @param retryBudgetExhausted true when failures exhausted the retry budget and a retry should wait the longest delay
     */
    public record Execution(BackendOutcome backendOutcome, boolean probe, boolean retryBudgetExhausted) {}

    private final ImageBackend backend;
    private final LongSupplier nanoTime;
    private final Context context;
    private final BackendCircuitBreaker backendCircuitBreaker;
    private final CallAdmission admission;
    private final BackendEventPublisher events;
    private final List<Runnable> changeHandlers = new CopyOnWriteArrayList<>();
    private final List<Consumer<BreakerState>> breakerHandlers = new CopyOnWriteArrayList<>();

    // Guarded by this.
    private final RetryBudget retryBudget = new RetryBudget();
    private int activeCalls;
    private boolean closed;

    /**
     * @param concurrency maximum of concurrent calls, at least 1
     * @param requestsPerMinute maximum number of calls in a minute; 0 for no limit
     * @param maxRetryAfter the longest pause that an AI server can request
     * @param nanoTime clock in nanoseconds, see {@link System#nanoTime()}
     */
    public BackendExecutor(
            Vertx vertx,
            ImageBackend backend,
            int concurrency,
            int requestsPerMinute,
            BackendSettings.Breaker breaker,
            Duration maxRetryAfter,
            LongSupplier nanoTime) {
        this.backend = backend;
        this.nanoTime = nanoTime;
        this.context = vertx.getOrCreateContext();
        this.events = new BackendEventPublisher(vertx, backend.name());
        this.admission = new CallAdmission(
                vertx, events, requestsPerMinute, maxRetryAfter, nanoTime, this::notifyChangeHandlers);
        this.backendCircuitBreaker = new BackendCircuitBreaker(
                vertx,
                "darkroom.backend." + backend.name(),
                concurrency,
                breaker,
                nanoTime,
                () -> backend.checkHealth(HEALTH_CHECK_TIMEOUT).otherwise(error -> HealthCheckResult.UNREACHABLE),
                this::onBreakerState);
    }

    /** Returns the name of the backend. */
    public String name() {
        return backend.name();
    }

    /** Returns whether calls may start, now or when others have ended. */
    public synchronized boolean acceptsCalls() {
        return !closed && admission.availableCalls() > 0 && state() != BreakerState.OPEN;
    }

    /** Returns whether the AI server has just refused the credentials, or for lack of permission or quota. */
    public boolean refusesAccess() {
        return admission.refusesAccess();
    }

    /** Returns how many calls may start now. */
    public synchronized int availablePermits() {
        return acceptsCalls()
                ? Math.min(backendCircuitBreaker.availablePermits(activeCalls), admission.availableCalls())
                : 0;
    }

    /** Stops or permits the start of calls, by order of an administrator. Active calls and look-ups continue. */
    public void setDrained(boolean value) {
        admission.setDrained(value);
    }

    /**
     * Starts no call for a time, because a budget is exhausted. Never shortens an earlier pause. Active calls and look-ups continue.
     */
    public void pause(Duration time) {
        admission.pause(time);
    }

    /** Returns whether an administrator stopped the start of calls. */
    public boolean drained() {
        return admission.drained();
    }

    /** Returns the number of calls in progress, look-ups included. */
    synchronized int activeCalls() {
        return activeCalls;
    }

    /** Returns the current limit of concurrent calls; 0 while no call is permitted. */
    public synchronized int concurrency() {
        return acceptsCalls() ? backendCircuitBreaker.concurrency() : 0;
    }

    public BreakerState state() {
        return backendCircuitBreaker.state();
    }

    /** Returns the time until the open circuit breaker checks the AI server; zero while it does, and unless it is open. */
    Duration remainingOpenDuration() {
        return backendCircuitBreaker.remainingOpenDuration();
    }

    /** Returns the rest of the rate limit pause; zero when the backend is not paused. */
    public Duration remainingPause() {
        return admission.remainingPause();
    }

    /** Returns the states of the API keys. */
    List<BackendKeyStatus> keys() {
        return backend.keys();
    }

    /** Calls {@code handler} whenever {@link #availablePermits()} may have increased, on the context of this executor. */
    public void onChange(Runnable handler) {
        changeHandlers.add(handler);
    }

    /** Calls {@code handler} with each new state of the circuit breaker, on any thread. */
    void onBreakerChange(Consumer<BreakerState> handler) {
        breakerHandlers.add(handler);
    }

    /**
     * Starts one call when a permit is available.
     *
     * @return completes with the result of the call, never fails; {@link BackendOutcome.NotStarted} without a permit
     */
    public Future<Execution> execute(ImageRequest request, BackendCall backendCall) {
        BackendCircuitBreaker.Permit permit;
        synchronized (this) {
            if (availablePermits() == 0) {
                return Future.succeededFuture(new Execution(new BackendOutcome.NotStarted(), false, false));
            }
            activeCalls++;
            permit = backendCircuitBreaker.acquirePermit();
            admission.recordCall();
        }
        long startedAt = nanoTime.getAsLong();
        return backendCircuitBreaker
                .run(permit, () -> callBackend(request, () -> backend.generate(request, backendCall)))
                .map(backendOutcome -> {
                    backendCircuitBreaker.recordOutcome(
                            permit, backendOutcome, Duration.ofNanos(nanoTime.getAsLong() - startedAt), activeCalls());
                    admission.recordOutcome(startedAt, backendOutcome);
                    boolean retryBudgetExhausted = recordOutcome(backendOutcome);
                    notifyChangeHandlers();
                    return new Execution(backendOutcome, permit.probe(), retryBudgetExhausted);
                });
    }

    /** Returns whether {@link #lookUp} can find a job. */
    public boolean canLookUp(JobReference job) {
        return backend.canLookUp(job);
    }

    /**
     * Looks up an earlier submission and waits for its images. Needs no permit, because it submits nothing, but counts as a
     * concurrent call, since the AI server works on the job.
     *
     * @return completes with the result of the call, never fails; {@link BackendOutcome.NotStarted} while the circuit breaker is open
     */
    public Future<Execution> lookUp(ImageRequest request, BackendCall backendCall) {
        if (state() == BreakerState.OPEN) {
            return Future.succeededFuture(new Execution(new BackendOutcome.NotStarted(), false, false));
        }
        long startedAt = nanoTime.getAsLong();
        BackendCircuitBreaker.Permit permit;
        synchronized (this) {
            activeCalls++;
            permit = backendCircuitBreaker.observe();
        }
        return backendCircuitBreaker
                .run(permit, () -> callBackend(request, () -> backend.lookUp(request, backendCall)))
                .map(backendOutcome -> {
                    // The outcome of a call while half-open decides nothing, because it is no probe.
                    if (!permit.probe()) {
                        backendCircuitBreaker.recordOutcome(
                                permit,
                                backendOutcome,
                                Duration.ofNanos(nanoTime.getAsLong() - startedAt),
                                activeCalls());
                    }
                    synchronized (this) {
                        activeCalls--;
                    }
                    notifyChangeHandlers();
                    return new Execution(backendOutcome, false, false);
                });
    }

    /** Asks the AI server to stop a job. Best effort, never fails. */
    public Future<Void> cancel(JobReference job) {
        return backend.cancel(job);
    }

    private Future<BackendOutcome> callBackend(ImageRequest request, Supplier<Future<BackendOutcome>> call) {
        return Future.succeededFuture().compose(start -> call.get()).otherwise(cause -> {
            LOG.atError()
                    .addKeyValue("backend", backend.name())
                    .addKeyValue("generation", request.key())
                    .setCause(cause)
                    .log("backend threw an exception");
            return new BackendOutcome.Failed(BackendFailure.INTERNAL_ERROR);
        });
    }

    /** Returns the permit and updates the retry budget. Returns true when the budget is exhausted. */
    private synchronized boolean recordOutcome(BackendOutcome backendOutcome) {
        activeCalls--;
        switch (HealthVerdict.of(backendOutcome)) {
            case SUCCESS -> retryBudget.recordSuccess();
            case FAILURE ->
                retryBudget.recordFailure(((BackendOutcome.Failed) backendOutcome)
                        .backendFailure()
                        .timedOut());
            case IGNORED -> {
                // No effect on the retry budget.
            }
        }
        return retryBudget.exhausted();
    }

    private void onBreakerState(BreakerState state) {
        events.publishBreakerState(state);
        breakerHandlers.forEach(handler -> handler.accept(state));
        if (state != BreakerState.OPEN) {
            notifyChangeHandlers();
        }
    }

    private void notifyChangeHandlers() {
        context.runOnContext(v -> changeHandlers.forEach(Runnable::run));
    }

    /** Stops starting calls. Active calls continue. Does not close the backend, since its creator does. */
    public void close() {
        synchronized (this) {
            closed = true;
        }
        changeHandlers.clear();
        backendCircuitBreaker.close();
    }
}
