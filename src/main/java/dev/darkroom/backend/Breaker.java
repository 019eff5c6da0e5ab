package dev.darkroom.backend;

import dev.darkroom.backend.Guard.State;
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
 * state machine and its timer; when to open is decided by {@link CallWindow}, because the library's own rule forgets all
 * failures with every success. Half-open, a few probes go out at once, all of which must go well: calls may take minutes,
 * and one at a time would be a long outage. How many calls there may be at once while it is closed is the matter of
 * {@link ConcurrencyLimit}.
 *
 * <p>Thread-safe. No lock of ours is held while the circuit's own is taken.
 */
final class Breaker {
    private static final Logger LOG = LoggerFactory.getLogger(Breaker.class);

    /** A server may have no health check and say so by 5xx. So many in a row hold generations back, no more. */
    private static final int FAILED_CHECKS = 3;

    private final String name;
    private final CircuitBreaker circuit;
    private final CallWindow window;
    private final int probes;
    private final int concurrency;
    private final LongSupplier nanoTime;
    private final Consumer<State> listener;
    private final Vertx vertx;
    private final Duration reset;
    private final Supplier<Future<HealthCheck>> healthCheck;

    // Guarded by this.
    private final OpenTimes openTimes;
    private State state = State.CLOSED;
    private Duration openTime = Duration.ZERO;
    private int round;
    private int probing;
    private int passed;
    private final ConcurrencyLimit limit;
    private int failedChecks;
    private boolean closed;
    private long timer = -1;

    /**
     * A call on its way.
     *
     * @param round which stretch of one state it belongs to; what it finds says nothing about a later one
     * @param probe whether it tries a half-open breaker
     */
    record Pass(int round, boolean probe) {}

    /**
     * @param healthCheck asked before generations probe; never fails
     * @param listener called after every change of state, on any thread, with no lock of ours held
     */
    Breaker(
            Vertx vertx,
            String name,
            int concurrency,
            Settings.Breaker settings,
            LongSupplier nanoTime,
            Supplier<Future<HealthCheck>> healthCheck,
            Consumer<State> listener) {
        this.vertx = vertx;
        this.reset = settings.reset();
        this.openTimes = new OpenTimes(
                settings.reset(),
                settings.maxReset(),
                () -> ThreadLocalRandom.current().nextDouble());
        this.healthCheck = healthCheck;
        this.name = name;
        this.concurrency = concurrency;
        this.limit = new ConcurrencyLimit(concurrency);
        this.nanoTime = nanoTime;
        this.probes = Math.min(settings.probes(), concurrency);
        this.window = new CallWindow(settings, nanoTime);
        this.listener = listener;
        this.circuit = CircuitBreaker.create(name, vertx, options(settings))
                .openHandler(v -> entered(State.OPEN))
                .halfOpenHandler(v -> resetTimeOver())
                .closeHandler(v -> entered(State.CLOSED));
    }

    /** No retries and no timeout in there: retries are durable and elsewhere, deadlines abort for real. */
    private static CircuitBreakerOptions options(Settings.Breaker settings) {
        return new CircuitBreakerOptions()
                .setMaxRetries(0)
                .setTimeout(-1)
                .setNotificationAddress(null)
                .setMaxFailures(Integer.MAX_VALUE)
                .setResetTimeout(settings.reset().toMillis());
    }

    synchronized State state() {
        return state;
    }

    /** How many more calls may be started beside those under way. */
    synchronized int permits(int underWay) {
        return switch (state) {
            case OPEN -> 0;
            case HALF_OPEN -> Math.max(0, Math.min(probes - probing, concurrency - underWay));
            case CLOSED -> Math.max(0, limit.calls() - underWay);
        };
    }

    /** How many calls at once the AI server is given as things are. */
    synchronized int concurrency() {
        return switch (state) {
            case OPEN -> 0;
            case HALF_OPEN -> probes;
            case CLOSED -> limit.calls();
        };
    }

    /** Lets a call in, for which there must be a permit. */
    synchronized Pass enter() {
        boolean probe = state == State.HALF_OPEN;
        if (probe) {
            probing++;
        }
        return new Pass(round, probe);
    }

    /**
     * Makes the call: within the circuit, or beside it when it is a probe, of which the circuit would let only one through.
     * The circuit is told of nothing but failures, which it is set not to mind: a success, even of a call from before the
     * outage, would close it.
     */
    Future<Outcome> run(Pass pass, Supplier<Future<Outcome>> call) {
        if (pass.probe()) {
            return call.get();
        }
        return circuit.<Outcome>execute(() -> call.get().compose(outcome -> Future.failedFuture(new Ended(outcome))))
                .otherwise(cause -> cause instanceof Ended ended ? ended.outcome : new Outcome.NotStarted());
    }

    /**
     * Takes into account how a call ended.
     *
     * @param underWay calls under way with it
     */
    void left(Pass pass, Outcome outcome, Duration took, int underWay) {
        State next;
        synchronized (this) {
            if (pass.round() != round) {
                return;
            }
            next = pass.probe() ? afterProbe(outcome) : afterCall(outcome, took, underWay);
            if (next != state) {
                // From here on others of this round are late, so that the state changes once.
                round++;
            }
        }
        if (next == State.OPEN) {
            circuit.open();
        } else if (pass.probe() && next == State.CLOSED) {
            circuit.reset();
        }
    }

    /** Bad news and no news open it again, unless the news are of ourselves: nobody is to be sent to a server of which nothing good is known. */
    private State afterProbe(Outcome outcome) {
        probing--;
        if (outcome instanceof Outcome.Aborted || Verdict.ofOurselves(outcome)) {
            // Our own doing; the next call may probe in its place.
            return State.HALF_OPEN;
        }
        if (Verdict.of(outcome) != Verdict.WELL) {
            return State.OPEN;
        }
        passed++;
        return passed >= probes ? State.CLOSED : State.HALF_OPEN;
    }

    private State afterCall(Outcome outcome, Duration took, int underWay) {
        if (outcome instanceof Outcome.Failed failed && failed.failure().overload()) {
            long now = nanoTime.getAsLong();
            limit.overloaded(now - took.toNanos(), now);
        }
        switch (Verdict.of(outcome)) {
            case WELL -> {
                limit.succeeded(underWay);
                window.succeeded(took);
            }
            case SICK -> {
                Failure failure = ((Outcome.Failed) outcome).failure();
                window.failed(took, failure.failureClass() != FailureClass.NOT_SENT);
            }
            case NOTHING_LEARNT -> {
                // Neither hides failures nor makes one.
            }
        }
        return window.sick() ? State.OPEN : State.CLOSED;
    }

    /** Called by the circuit, which holds its own lock meanwhile, and at the end of the open time. */
    private void entered(State now) {
        synchronized (this) {
            state = now;
            round++;
            probing = 0;
            passed = 0;
            if (now == State.OPEN) {
                openTime = openTimes.next();
                limit.outage(probes);
                window.clear();
            } else if (now == State.CLOSED) {
                openTimes.clear();
                failedChecks = 0;
            }
        }
        listener.accept(now);
    }

    /**
     * Called by the circuit, whose open time has one length. It stays half-open for the rest of a longer one, during which
     * this breaker still counts as open.
     */
    private void resetTimeOver() {
        Duration rest;
        synchronized (this) {
            rest = openTime.minus(reset);
        }
        if (rest.toMillis() > 0) {
            after(rest);
        } else {
            checkHealth();
        }
    }

    private void after(Duration time) {
        synchronized (this) {
            if (!closed) {
                timer = vertx.setTimer(Math.max(1, time.toMillis()), fired -> checkHealth());
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
                failedChecks = result == HealthCheck.FAILED ? failedChecks + 1 : 0;
                boolean holds = result == HealthCheck.UNREACHABLE
                        || result == HealthCheck.FAILED && failedChecks <= FAILED_CHECKS;
                if (holds) {
                    longer = openTimes.next();
                }
            }
            if (longer == null) {
                entered(State.HALF_OPEN);
            } else {
                LOG.atInfo()
                        .addKeyValue("backend", name)
                        .addKeyValue("result", result)
                        .addKeyValue("millis", longer.toMillis())
                        .log("health check failed, breaker stays open");
                after(longer);
            }
        });
    }

    void close() {
        synchronized (this) {
            closed = true;
            vertx.cancelTimer(timer);
        }
        circuit.close();
    }

    /** Carries an outcome past the circuit. */
    private static final class Ended extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final transient Outcome outcome;

        Ended(Outcome outcome) {
            super(null, null, false, false);
            this.outcome = outcome;
        }
    }
}
