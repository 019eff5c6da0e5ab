package dev.darkroom.backend;

import dev.darkroom.config.Settings;
import io.vertx.circuitbreaker.CircuitBreaker;
import io.vertx.circuitbreaker.CircuitBreakerOptions;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands before one AI server and lets calls through: never more at once than the limit, none while the circuit breaker
 * is open or the server asked for a pause, one to probe when the breaker is half-open. One guard per backend and
 * process.
 *
 * <p>Thread-safe. Change handlers and the timers behind them run on the guard's own context, which is usually not the
 * caller's: a handler hops to where it belongs. No lock is held while anything foreign is called.
 *
 * <p>What each outcome tells the breaker is said by {@link Verdict}. When the breaker opens is vertx-circuit-breaker's
 * own rule: so many failures within the window, with no success in between.
 */
public final class Guard {
    private static final Logger LOG = LoggerFactory.getLogger(Guard.class);
    private static final Failure BROKEN_BACKEND =
            Failure.of(FailureClass.AMBIGUOUS, "INTERNAL_ERROR", "The call failed for a reason of our own.");

    /** Whether calls are let through. */
    public enum State {
        /** They are. */
        CLOSED,
        /** None is. */
        OPEN,
        /** One is, to see whether the AI server is well again. */
        HALF_OPEN
    }

    /**
     * How a call ended.
     *
     * @param probe true when it was the one let through half-open
     */
    public record Guarded(Outcome outcome, boolean probe) {}

    private final Vertx vertx;
    private final ImageBackend backend;
    private final int concurrency;
    private final LongSupplier nanoTime;
    private final Context context;
    private final CircuitBreaker breaker;
    private final Pause pause;
    private final BackendEvents events;
    private final List<Runnable> changeHandlers = new CopyOnWriteArrayList<>();

    // Guarded by this. The state is the breaker's, taken over from its handlers, so that no lock of ours is ever held
    // while the breaker's is waited for.
    private State state = State.CLOSED;
    private int underWay;
    private Run probe;
    private boolean closed;

    /**
     * @param concurrency calls at once, at least 1
     * @param maxRetryAfter the longest pause an AI server can ask for
     * @param nanoTime as {@link System#nanoTime()}
     */
    public Guard(
            Vertx vertx,
            ImageBackend backend,
            int concurrency,
            Settings.Breaker breaker,
            Duration maxRetryAfter,
            LongSupplier nanoTime) {
        this.vertx = vertx;
        this.backend = backend;
        this.concurrency = concurrency;
        this.nanoTime = nanoTime;
        this.context = vertx.getOrCreateContext();
        this.pause = new Pause(maxRetryAfter, nanoTime);
        this.events = new BackendEvents(vertx, backend.name());
        this.breaker = CircuitBreaker.create("darkroom.backend." + backend.name(), vertx, options(breaker))
                .openHandler(v -> entered(State.OPEN))
                .halfOpenHandler(v -> entered(State.HALF_OPEN))
                .closeHandler(v -> entered(State.CLOSED));
    }

    /** No retries and no timeout inside the breaker: retries are durable and elsewhere, deadlines abort for real. */
    private static CircuitBreakerOptions options(Settings.Breaker settings) {
        return new CircuitBreakerOptions()
                .setMaxRetries(0)
                .setTimeout(-1)
                .setNotificationAddress(null)
                .setMaxFailures(settings.failures())
                .setFailuresRollingWindow(settings.window().toMillis())
                .setResetTimeout(settings.reset().toMillis());
    }

    /** How many calls may be started now. */
    public synchronized int permits() {
        if (closed || state == State.OPEN || pause.left().toNanos() > 0) {
            return 0;
        }
        int free = Math.max(0, concurrency - underWay);
        if (state == State.HALF_OPEN) {
            return probe != null ? 0 : Math.min(1, free);
        }
        return free;
    }

    /** Whether calls are let through. */
    public synchronized State state() {
        return state;
    }

    /** How long the AI server asked to be left alone, from now on; zero when it did not. */
    public synchronized Duration pausedFor() {
        return pause.left();
    }

    /** Calls {@code handler} whenever {@link #permits()} may have grown. It is called on a context of the guard's. */
    public void onChange(Runnable handler) {
        changeHandlers.add(handler);
    }

    /**
     * Makes one call, if it is let through.
     *
     * @return completes with how it ended, never fails; {@link Outcome.NotStarted} when it was not let through
     */
    public Future<Guarded> run(ImageRequest request, Call call) {
        Run run = new Run(nanoTime.getAsLong());
        synchronized (this) {
            if (permits() == 0) {
                return Future.succeededFuture(new Guarded(new Outcome.NotStarted(), false));
            }
            underWay++;
            if (state == State.HALF_OPEN) {
                run.probe = true;
                probe = run;
            }
        }
        breaker.<Outcome>execute(() -> attempt(run, request, call))
                .onComplete(
                        outcome -> finished(run, outcome),
                        cause -> finished(run, cause instanceof Told told ? told.outcome : new Outcome.NotStarted()));
        return run.done.future();
    }

    /** The part that runs inside the breaker. Fails for what the breaker is to count as a failure. */
    private Future<Outcome> attempt(Run run, ImageRequest request, Call call) {
        Future<Outcome> outcome;
        try {
            outcome = backend.generate(request, call);
        } catch (RuntimeException e) {
            outcome = Future.failedFuture(e);
        }
        return outcome.recover(cause -> {
                    LOG.atError()
                            .addKeyValue("backend", backend.name())
                            .setCause(cause)
                            .log("backend broke its promise never to fail");
                    return Future.succeededFuture(new Outcome.Failed(BROKEN_BACKEND));
                })
                .compose(ended -> tell(run, ended));
    }

    private Future<Outcome> tell(Run run, Outcome outcome) {
        return switch (Verdict.of(outcome)) {
            case WELL -> Future.succeededFuture(outcome);
            case SICK -> Future.failedFuture(new Told(outcome));
            case NOTHING_LEARNT -> {
                if (run.probe) {
                    // The probe is spent. Failing it opens the breaker for another reset time, after which there is a
                    // new probe; leaving it unanswered would leave the breaker half-open for ever.
                    yield Future.failedFuture(new Told(outcome));
                }
                // The breaker knows only success, which clears its window, and failure. It is told neither, and holds
                // nothing for a call that it never hears of again.
                finished(run, outcome);
                yield Promise.<Outcome>promise().future();
            }
        };
    }

    private void finished(Run run, Outcome outcome) {
        synchronized (this) {
            underWay--;
            if (probe == run) {
                probe = null;
            }
        }
        if (outcome instanceof Outcome.Failed failed && failed.failure().rateLimited()) {
            pause(run, failed.failure().retryAfter());
        } else if (outcome instanceof Outcome.Generated) {
            synchronized (this) {
                pause.forgetStreak();
            }
        }
        run.done.complete(new Guarded(outcome, run.probe));
        changed();
    }

    private void pause(Run run, Duration asked) {
        boolean begins;
        Duration left;
        synchronized (this) {
            begins = pause.extend(run.startedAt, asked);
            left = pause.left();
        }
        if (begins) {
            events.paused(left);
            awaitResume(left);
        }
    }

    private void awaitResume(Duration left) {
        vertx.setTimer(left.toMillis() + 1, t -> {
            Duration stillLeft;
            synchronized (this) {
                stillLeft = pause.left();
                if (stillLeft.isZero()) {
                    pause.over();
                }
            }
            if (!stillLeft.isZero()) {
                awaitResume(stillLeft);
                return;
            }
            events.resumed();
            changed();
        });
    }

    /** Called by the breaker, which holds its own lock meanwhile: anything further happens later. */
    private void entered(State now) {
        synchronized (this) {
            state = now;
            if (now == State.HALF_OPEN) {
                probe = null;
            }
        }
        events.entered(now);
        if (now != State.OPEN) {
            changed();
        }
    }

    private void changed() {
        context.runOnContext(v -> changeHandlers.forEach(Runnable::run));
    }

    /** Lets nothing through any more. Calls under way go on; the backend is closed by whoever made it. */
    public void close() {
        synchronized (this) {
            closed = true;
        }
        changeHandlers.clear();
        breaker.close();
    }

    /** Carries an outcome through the breaker as a failure. */
    private static final class Told extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final transient Outcome outcome;

        Told(Outcome outcome) {
            super(null, null, false, false);
            this.outcome = outcome;
        }
    }

    /** One call on its way through the guard. */
    private static final class Run {
        private final long startedAt;
        private final Promise<Guarded> done = Promise.promise();
        private boolean probe;

        Run(long startedAt) {
            this.startedAt = startedAt;
        }
    }
}
