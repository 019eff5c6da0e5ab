package dev.darkroom.backend.executor;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.HealthCheckResult;
import dev.darkroom.backend.executor.BackendExecutor.BreakerState;
import dev.darkroom.config.BackendSettings;
import io.vertx.circuitbreaker.CircuitBreaker;
import io.vertx.circuitbreaker.CircuitBreakerOptions;
import io.vertx.circuitbreaker.CircuitBreakerState;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Circuit breaker of one backend. vertx-circuit-breaker provides the state machine and its timer. {@link SlidingWindow}
 * decides when to open, because the rule of the library resets its failure count with every success. While half-open,
 * several probes run concurrently and all must succeed: a call may take minutes, and sequential probes would prolong the
 * outage. {@link AdaptiveConcurrencyLimit} limits the concurrent calls while closed.
 *
 * <p>Thread-safe. The lock of this class is never held while the lock of the library's circuit is taken.
 */
final class BackendCircuitBreaker {
    private final CircuitBreaker circuit;
    private final SlidingWindow window;
    private final int halfOpenCalls;
    private final int concurrency;
    private final LongSupplier nanoTime;
    private final Consumer<BreakerState> listener;
    private final BreakerHealthCheck healthCheck;

    // Guarded by this.
    private BreakerState breakerState = BreakerState.CLOSED;
    private int stateVersion;
    private int activeProbes;
    private int successfulProbes;
    private final AdaptiveConcurrencyLimit concurrencyLimit;

    /**
     * Permit for one call.
     *
     * @param stateVersion version of the breaker's state at the start of the call; its outcome is ignored in a later one
     * @param probe true when the breaker was half-open
     */
    record Permit(int stateVersion, boolean probe) {}

    /**
     * @param healthCheck called before the breaker becomes half-open; its future never fails
     * @param listener called after every change of state, on any thread, without the lock of this class
     */
    BackendCircuitBreaker(
            Vertx vertx,
            String name,
            int concurrency,
            BackendSettings.Breaker settings,
            LongSupplier nanoTime,
            Supplier<Future<HealthCheckResult>> healthCheck,
            Consumer<BreakerState> listener) {
        this.healthCheck = new BreakerHealthCheck(
                vertx, name, settings, nanoTime, healthCheck, () -> applyState(BreakerState.HALF_OPEN));
        this.concurrency = concurrency;
        this.concurrencyLimit = new AdaptiveConcurrencyLimit(concurrency);
        this.nanoTime = nanoTime;
        this.halfOpenCalls = Math.min(settings.halfOpenCalls(), concurrency);
        this.window = new SlidingWindow(settings, nanoTime);
        this.listener = listener;
        this.circuit = CircuitBreaker.create(name, vertx, options(settings))
                .failurePolicy(this::countsAsFailure)
                .openHandler(v -> applyState(BreakerState.OPEN))
                .halfOpenHandler(v -> this.healthCheck.start())
                .closeHandler(v -> applyState(BreakerState.CLOSED));
    }

    /** Disables retries and timeouts of the library: retries are stored in the database, and a timeout has to abort the call. */
    private static CircuitBreakerOptions options(BackendSettings.Breaker settings) {
        return new CircuitBreakerOptions()
                .setMaxRetries(0)
                .setTimeout(-1)
                .setNotificationAddress(null)
                .setMaxFailures(Integer.MAX_VALUE)
                .setResetTimeout(settings.openDuration().toMillis());
    }

    synchronized BreakerState state() {
        return breakerState;
    }

    /** Returns the time until the next health check; zero while it runs, and unless the breaker is open. */
    synchronized Duration remainingOpenDuration() {
        return breakerState == BreakerState.OPEN ? healthCheck.remainingOpenDuration() : Duration.ZERO;
    }

    /** Returns how many calls may start in addition to the active ones. */
    synchronized int availablePermits(int activeCalls) {
        return switch (breakerState) {
            case OPEN -> 0;
            case HALF_OPEN -> Math.max(0, Math.min(halfOpenCalls - activeProbes, concurrency - activeCalls));
            case CLOSED -> Math.max(0, concurrencyLimit.maxCalls() - activeCalls);
        };
    }

    /** Returns the current limit of concurrent calls. */
    synchronized int concurrency() {
        return switch (breakerState) {
            case OPEN -> 0;
            case HALF_OPEN -> halfOpenCalls;
            case CLOSED -> concurrencyLimit.maxCalls();
        };
    }

    /** Acquires a permit. The caller has checked {@link #availablePermits} under its own lock. */
    synchronized Permit acquirePermit() {
        boolean probe = breakerState == BreakerState.HALF_OPEN;
        if (probe) {
            activeProbes++;
        }
        return new Permit(stateVersion, probe);
    }

    /** Returns a permit for a call that submits no work and counts towards no limit. In a half-open breaker its outcome is ignored. */
    synchronized Permit observe() {
        return new Permit(stateVersion, breakerState == BreakerState.HALF_OPEN);
    }

    /**
     * Runs the call inside the library's circuit. A probe runs outside, because the circuit admits only one. The outcome is taken from the
     * call itself: the future of the circuit has none when its failure policy counts a failure.
     */
    Future<BackendOutcome> run(Permit permit, Supplier<Future<BackendOutcome>> call) {
        if (permit.probe()) {
            return call.get();
        }
        Promise<BackendOutcome> outcome = Promise.promise();
        circuit.<BackendOutcome>execute(() -> call.get().onComplete(outcome))
                .onFailure(rejected -> outcome.tryComplete(new BackendOutcome.NotStarted()));
        return outcome.future();
    }

    /**
     * Failure policy of the library's circuit. A result that arrives after the circuit opened is not a success: the call began before the
     * outage, and a success would close a half-open circuit.
     */
    private boolean countsAsFailure(Future<BackendOutcome> result) {
        return result.failed()
                || circuit.state() != CircuitBreakerState.CLOSED
                || HealthVerdict.of(result.result()) == HealthVerdict.FAILURE;
    }

    /**
     * Records the outcome of a call.
     *
     * @param activeCalls concurrent calls, this one included
     */
    void recordOutcome(Permit permit, BackendOutcome backendOutcome, Duration duration, int activeCalls) {
        BreakerState next;
        synchronized (this) {
            if (permit.stateVersion() != stateVersion) {
                return;
            }
            next = permit.probe() ? evaluateProbe(backendOutcome) : evaluateCall(backendOutcome, duration, activeCalls);
            if (next != breakerState) {
                // Other calls of this version are ignored from now on, so that the state changes once.
                stateVersion++;
            }
        }
        if (next == BreakerState.OPEN) {
            circuit.open();
        } else if (permit.probe() && next == BreakerState.CLOSED) {
            circuit.reset();
        }
    }

    /**
     * Returns the state after a probe. Every outcome but a success opens the breaker, unless the AI server had no part in it:
     * an ignored outcome is no evidence that the server has recovered.
     */
    private BreakerState evaluateProbe(BackendOutcome backendOutcome) {
        activeProbes--;
        if (HealthVerdict.isLocal(backendOutcome)) {
            // Another call may probe instead.
            return BreakerState.HALF_OPEN;
        }
        if (HealthVerdict.of(backendOutcome) != HealthVerdict.SUCCESS) {
            return BreakerState.OPEN;
        }
        successfulProbes++;
        return successfulProbes >= halfOpenCalls ? BreakerState.CLOSED : BreakerState.HALF_OPEN;
    }

    private BreakerState evaluateCall(BackendOutcome backendOutcome, Duration duration, int activeCalls) {
        if (backendOutcome instanceof BackendOutcome.Failed failed
                && failed.backendFailure().indicatesOverload()) {
            long now = nanoTime.getAsLong();
            concurrencyLimit.recordOverload(now - duration.toNanos(), now);
        }
        HealthVerdict verdict = HealthVerdict.of(backendOutcome);
        if (verdict == HealthVerdict.SUCCESS) {
            concurrencyLimit.recordSuccess(activeCalls);
            window.recordSuccess(duration);
        } else if (verdict == HealthVerdict.FAILURE) {
            BackendFailure backendFailure = ((BackendOutcome.Failed) backendOutcome).backendFailure();
            window.recordFailure(duration, backendFailure.failureClass() != FailureClass.NOT_SENT);
        }
        return window.exceedsThreshold() ? BreakerState.OPEN : BreakerState.CLOSED;
    }

    /** Changes the state. Called by the library's circuit under its own lock, and by {@link BreakerHealthCheck}. */
    private void applyState(BreakerState state) {
        synchronized (this) {
            breakerState = state;
            stateVersion++;
            activeProbes = 0;
            successfulProbes = 0;
            if (state == BreakerState.OPEN) {
                healthCheck.recordOpen();
                concurrencyLimit.recordOutage(halfOpenCalls);
                window.clear();
            } else if (state == BreakerState.CLOSED) {
                healthCheck.recordClosed();
            }
        }
        listener.accept(state);
    }

    void close() {
        healthCheck.close();
        circuit.close();
    }
}
