package dev.darkroom.backend;

import dev.darkroom.backend.Guard.State;
import dev.darkroom.config.Settings;
import io.vertx.circuitbreaker.CircuitBreaker;
import io.vertx.circuitbreaker.CircuitBreakerOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

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
    private final CircuitBreaker circuit;
    private final CallWindow window;
    private final int probes;
    private final int concurrency;
    private final LongSupplier nanoTime;
    private final Consumer<State> listener;

    // Guarded by this.
    private State state = State.CLOSED;
    private int round;
    private int probing;
    private int passed;
    private final ConcurrencyLimit limit;

    /**
     * A call on its way.
     *
     * @param round which stretch of one state it belongs to; what it finds says nothing about a later one
     * @param probe whether it tries a half-open breaker
     */
    record Pass(int round, boolean probe) {}

    /** @param listener told of every change of state, on any thread, with no lock of ours held */
    Breaker(
            Vertx vertx,
            String name,
            int concurrency,
            Settings.Breaker settings,
            LongSupplier nanoTime,
            Consumer<State> listener) {
        this.concurrency = concurrency;
        this.limit = new ConcurrencyLimit(concurrency);
        this.nanoTime = nanoTime;
        this.probes = Math.min(settings.probes(), concurrency);
        this.window = new CallWindow(settings, nanoTime);
        this.listener = listener;
        this.circuit = CircuitBreaker.create(name, vertx, options(settings))
                .openHandler(v -> entered(State.OPEN))
                .halfOpenHandler(v -> entered(State.HALF_OPEN))
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

    /** Bad news and no news open it again: nobody is to be sent to a server of which nothing good is known. */
    private State afterProbe(Outcome outcome) {
        probing--;
        if (outcome instanceof Outcome.Aborted) {
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

    /** Called by the circuit, which holds its own lock meanwhile. */
    private void entered(State now) {
        synchronized (this) {
            state = now;
            round++;
            probing = 0;
            passed = 0;
            if (now == State.OPEN) {
                limit.outage(probes);
                window.clear();
            }
        }
        listener.accept(now);
    }

    void close() {
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
