package dev.darkroom.backend;

import dev.darkroom.backend.BackendExecutor.BreakerState;
import dev.darkroom.config.Settings;
import io.vertx.circuitbreaker.CircuitBreaker;
import io.vertx.circuitbreaker.CircuitBreakerOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens when the AI server is sick, tries it after a while, and lets the work come back slowly. vertx-circuit-breaker is the
 * state machine and its timer; when to open is decided by {@link SlidingWindow}, because the library's own rule forgets all
 * failures with every success. Half-open, a few probes go out at once, all of which must go well: calls may take minutes,
 * and one at a time would be a long outage. How many calls there may be at once while it is closed is the matter of
 * {@link AdaptiveConcurrencyLimit}.
 *
 * <p>Thread-safe. No lock of ours is held while the circuit's own is taken.
 */
final class BackendCircuitBreaker {
    private static final Logger LOG = LoggerFactory.getLogger(BackendCircuitBreaker.class);

    /** A server may have no health check and say so by 5xx. So many in a row hold generations back, no more. */
    private static final int MAX_FAILED_HEALTH_CHECKS = 3;

    private final String name;
    private final CircuitBreaker circuit;
    private final SlidingWindow window;
    private final int halfOpenCalls;
    private final int concurrency;
    private final LongSupplier nanoTime;
    private final Consumer<BreakerState> listener;
    private final Vertx vertx;
    private final Duration openDuration;
    private final Supplier<Future<HealthCheckResult>> healthCheck;

    // Guarded by this.
    private final OpenDurationBackoff openDurations;
    private BreakerState breakerState = BreakerState.CLOSED;
    private Duration currentOpenDuration = Duration.ZERO;
    private int stateVersion;
    private int activeProbes;
    private int successfulProbes;
    private final AdaptiveConcurrencyLimit concurrencyLimit;
    private int failedHealthChecks;
    private boolean closed;
    private long healthCheckTimer = -1;

    /**
     * A call on its way.
     *
     * @param stateVersion which stretch of one state it belongs to; what it finds says nothing about a later one
     * @param probe whether it tries a half-open breaker
     */
    record Permit(int stateVersion, boolean probe) {}

    /**
     * @param healthCheck asked before generations probe; never fails
     * @param listener called after every change of state, on any thread, with no lock of ours held
     */
    BackendCircuitBreaker(
            Vertx vertx,
            String name,
            int concurrency,
            Settings.Breaker settings,
            LongSupplier nanoTime,
            Supplier<Future<HealthCheckResult>> healthCheck,
            Consumer<BreakerState> listener) {
        this.vertx = vertx;
        this.openDuration = settings.openDuration();
        this.openDurations = new OpenDurationBackoff(
                settings.openDuration(),
                settings.maxOpenDuration(),
                () -> ThreadLocalRandom.current().nextDouble());
        this.healthCheck = healthCheck;
        this.name = name;
        this.concurrency = concurrency;
        this.concurrencyLimit = new AdaptiveConcurrencyLimit(concurrency);
        this.nanoTime = nanoTime;
        this.halfOpenCalls = Math.min(settings.halfOpenCalls(), concurrency);
        this.window = new SlidingWindow(settings, nanoTime);
        this.listener = listener;
        this.circuit = CircuitBreaker.create(name, vertx, options(settings))
                .openHandler(v -> applyState(BreakerState.OPEN))
                .halfOpenHandler(v -> onOpenDurationElapsed())
                .closeHandler(v -> applyState(BreakerState.CLOSED));
    }

    /** No retries and no timeout in there: retries are durable and elsewhere, deadlines abort for real. */
    private static CircuitBreakerOptions options(Settings.Breaker settings) {
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

    /** How many more calls may be started beside those under way. */
    synchronized int availablePermits(int underWay) {
        return switch (breakerState) {
            case OPEN -> 0;
            case HALF_OPEN -> Math.max(0, Math.min(halfOpenCalls - activeProbes, concurrency - underWay));
            case CLOSED -> Math.max(0, concurrencyLimit.maxCalls() - underWay);
        };
    }

    /** How many calls at once the AI server is given as things are. */
    synchronized int concurrency() {
        return switch (breakerState) {
            case OPEN -> 0;
            case HALF_OPEN -> halfOpenCalls;
            case CLOSED -> concurrencyLimit.maxCalls();
        };
    }

    /** Lets a call in, for which there must be a permit. */
    synchronized Permit acquirePermit() {
        boolean probe = breakerState == BreakerState.HALF_OPEN;
        if (probe) {
            activeProbes++;
        }
        return new Permit(stateVersion, probe);
    }

    /**
     * Makes the call: within the circuit, or beside it when it is a probe, of which the circuit would let only one through.
     * The circuit is told of nothing but failures, which it is set not to mind: a success, even of a call from before the
     * outage, would close it.
     */
    Future<BackendOutcome> run(Permit permit, Supplier<Future<BackendOutcome>> call) {
        if (permit.probe()) {
            return call.get();
        }
        return circuit.<BackendOutcome>execute(() -> call.get()
                        .compose(backendOutcome -> Future.failedFuture(new OutcomeCarrierException(backendOutcome))))
                .otherwise(cause -> cause instanceof OutcomeCarrierException outcomeCarrierException
                        ? outcomeCarrierException.backendOutcome
                        : new BackendOutcome.NotStarted());
    }

    /**
     * Takes into account how a call ended.
     *
     * @param underWay calls under way with it
     */
    void recordOutcome(Permit permit, BackendOutcome backendOutcome, Duration took, int underWay) {
        BreakerState next;
        synchronized (this) {
            if (permit.stateVersion() != stateVersion) {
                return;
            }
            next = permit.probe() ? evaluateProbe(backendOutcome) : evaluateCall(backendOutcome, took, underWay);
            if (next != breakerState) {
                // From here on others of this round are late, so that the state changes once.
                stateVersion++;
            }
        }
        if (next == BreakerState.OPEN) {
            circuit.open();
        } else if (permit.probe() && next == BreakerState.CLOSED) {
            circuit.reset();
        }
    }

    /** Bad news and no news open it again, unless the news are of ourselves: nobody is to be sent to a server of which nothing good is known. */
    private BreakerState evaluateProbe(BackendOutcome backendOutcome) {
        activeProbes--;
        if (backendOutcome instanceof BackendOutcome.Aborted || HealthVerdict.isInternalFailure(backendOutcome)) {
            // Our own doing; the next call may probe in its place.
            return BreakerState.HALF_OPEN;
        }
        if (HealthVerdict.of(backendOutcome) != HealthVerdict.SUCCESS) {
            return BreakerState.OPEN;
        }
        successfulProbes++;
        return successfulProbes >= halfOpenCalls ? BreakerState.CLOSED : BreakerState.HALF_OPEN;
    }

    private BreakerState evaluateCall(BackendOutcome backendOutcome, Duration took, int underWay) {
        if (backendOutcome instanceof BackendOutcome.Failed failed
                && failed.backendFailure().indicatesOverload()) {
            long now = nanoTime.getAsLong();
            concurrencyLimit.recordOverload(now - took.toNanos(), now);
        }
        switch (HealthVerdict.of(backendOutcome)) {
            case SUCCESS -> {
                concurrencyLimit.recordSuccess(underWay);
                window.recordSuccess(took);
            }
            case FAILURE -> {
                BackendFailure backendFailure = ((BackendOutcome.Failed) backendOutcome).backendFailure();
                window.recordFailure(took, backendFailure.failureClass() != FailureClass.NOT_SENT);
            }
            case IGNORED -> {
                // Neither hides failures nor makes one.
            }
        }
        return window.exceedsThreshold() ? BreakerState.OPEN : BreakerState.CLOSED;
    }

    /** Called by the circuit, which holds its own lock meanwhile, and at the end of the open time. */
    private void applyState(BreakerState now) {
        synchronized (this) {
            breakerState = now;
            stateVersion++;
            activeProbes = 0;
            successfulProbes = 0;
            if (now == BreakerState.OPEN) {
                currentOpenDuration = openDurations.nextDuration();
                concurrencyLimit.recordOutage(halfOpenCalls);
                window.clear();
            } else if (now == BreakerState.CLOSED) {
                openDurations.resetBackoff();
                failedHealthChecks = 0;
            }
        }
        listener.accept(now);
    }

    /**
     * Called by the circuit, whose open time has one length. It stays half-open for the rest of a longer one, during which
     * this breaker still counts as open.
     */
    private void onOpenDurationElapsed() {
        Duration rest;
        synchronized (this) {
            rest = currentOpenDuration.minus(openDuration);
        }
        if (rest.toMillis() > 0) {
            scheduleHealthCheck(rest);
        } else {
            checkHealth();
        }
    }

    private void scheduleHealthCheck(Duration time) {
        synchronized (this) {
            if (!closed) {
                healthCheckTimer = vertx.setTimer(Math.max(1, time.toMillis()), fired -> checkHealth());
            }
        }
    }

    /** Lets generations probe if the server answers a request that costs nothing. Otherwise it is left alone for longer. */
    private void checkHealth() {
        healthCheck.get().onSuccess(result -> {
            Duration longer = null;
            synchronized (this) {
                if (closed) {
                    return;
                }
                failedHealthChecks = result == HealthCheckResult.FAILED ? failedHealthChecks + 1 : 0;
                boolean holds = result == HealthCheckResult.UNREACHABLE
                        || result == HealthCheckResult.FAILED && failedHealthChecks <= MAX_FAILED_HEALTH_CHECKS;
                if (holds) {
                    longer = openDurations.nextDuration();
                }
            }
            if (longer == null) {
                applyState(BreakerState.HALF_OPEN);
            } else {
                LOG.atInfo()
                        .addKeyValue("backend", name)
                        .addKeyValue("result", result)
                        .addKeyValue("millis", longer.toMillis())
                        .log("health check failed, breaker stays open");
                scheduleHealthCheck(longer);
            }
        });
    }

    void close() {
        synchronized (this) {
            closed = true;
            vertx.cancelTimer(healthCheckTimer);
        }
        circuit.close();
    }

    /** Carries an outcome past the circuit. */
    private static final class OutcomeCarrierException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final transient BackendOutcome backendOutcome;

        OutcomeCarrierException(BackendOutcome backendOutcome) {
            super(null, null, false, false);
            this.backendOutcome = backendOutcome;
        }
    }
}
