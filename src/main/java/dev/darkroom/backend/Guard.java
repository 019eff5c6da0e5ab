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
 * <p>What each outcome says of the AI server is decided by {@link Verdict}, when the breaker opens and closes by
 * {@link Breaker}.
 */
public final class Guard {
    private static final Logger LOG = LoggerFactory.getLogger(Guard.class);
    private static final Failure BROKEN_BACKEND =
            Failure.of(FailureClass.INTERNAL, "INTERNAL_ERROR", "The call failed for a reason of our own.");

    private static final Duration HEALTH_CHECK_LIMIT = Duration.ofSeconds(5);

    /** Whether calls are let through. */
    public enum State {
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
     * @param slowDown true when failures have used up the retry budget: a retry should take its time
     */
    public record Guarded(Outcome outcome, boolean probe, boolean slowDown) {}

    private final Vertx vertx;
    private final ImageBackend backend;
    private final LongSupplier nanoTime;
    private final Context context;
    private final Breaker breaker;
    private final Pause pause;
    private final BackendEvents events;
    private final List<Runnable> changeHandlers = new CopyOnWriteArrayList<>();

    // Guarded by this.
    private final RetryBudget budget = new RetryBudget();
    private int underWay;
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
        this.nanoTime = nanoTime;
        this.context = vertx.getOrCreateContext();
        this.pause = new Pause(maxRetryAfter, nanoTime);
        this.events = new BackendEvents(vertx, backend.name());
        this.breaker = new Breaker(
                vertx,
                "darkroom.backend." + backend.name(),
                concurrency,
                breaker,
                nanoTime,
                () -> backend.checkHealth(HEALTH_CHECK_LIMIT).otherwise(error -> HealthCheck.UNREACHABLE),
                this::entered);
    }

    /** How many calls may be started now. */
    public synchronized int permits() {
        return closed || pause.left().toNanos() > 0 ? 0 : breaker.permits(underWay);
    }

    private synchronized int underWay() {
        return underWay;
    }

    /** How many calls at once the AI server is given as things are; 0 while it gets none. */
    public synchronized int concurrency() {
        return closed || pause.left().toNanos() > 0 ? 0 : breaker.concurrency();
    }

    /** Whether calls are let through. */
    public State state() {
        return breaker.state();
    }

    /** How long the AI server asked to be left alone, from now on; zero when it did not. */
    public synchronized Duration pausedFor() {
        return pause.left();
    }

    /** How it stands, for operators: {@code {"name", "breaker", "pausedMs", "concurrency", "permits"}}. */
    public JsonObject toJson() {
        return new JsonObject()
                .put("name", backend.name())
                .put("breaker", state().name())
                .put("pausedMs", pausedFor().toMillis())
                .put("concurrency", concurrency())
                .put("permits", permits());
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
        Breaker.Pass pass;
        synchronized (this) {
            if (permits() == 0) {
                return Future.succeededFuture(new Guarded(new Outcome.NotStarted(), false, false));
            }
            underWay++;
            pass = breaker.enter();
        }
        long startedAt = nanoTime.getAsLong();
        return breaker.run(pass, () -> attempt(request, call)).map(outcome -> {
            breaker.left(pass, outcome, Duration.ofNanos(nanoTime.getAsLong() - startedAt), underWay());
            boolean slowDown = settle(outcome);
            if (outcome instanceof Outcome.Failed failed && failed.failure().rateLimited()) {
                pause(startedAt, failed.failure().retryAfter());
            }
            changed();
            return new Guarded(outcome, pass.probe(), slowDown);
        });
    }

    private Future<Outcome> attempt(ImageRequest request, Call call) {
        Future<Outcome> outcome;
        try {
            outcome = backend.generate(request, call);
        } catch (RuntimeException e) {
            outcome = Future.failedFuture(e);
        }
        return outcome.otherwise(cause -> {
            LOG.atError()
                    .addKeyValue("backend", backend.name())
                    .addKeyValue("generation", request.key())
                    .setCause(cause)
                    .log("backend broke its promise never to fail");
            return new Outcome.Failed(BROKEN_BACKEND);
        });
    }

    /** Gives the permit back and settles the retry budget; whether it is used up. */
    private synchronized boolean settle(Outcome outcome) {
        underWay--;
        if (outcome instanceof Outcome.Generated) {
            pause.forgetStreak();
        }
        switch (Verdict.of(outcome)) {
            case WELL -> budget.succeeded();
            case SICK -> budget.failed(((Outcome.Failed) outcome).failure().timedOut());
            case NOTHING_LEARNT -> {
                // Costs nothing.
            }
        }
        return budget.exhausted();
    }

    private void pause(long callStartedAt, Duration asked) {
        boolean begins;
        Duration left;
        synchronized (this) {
            begins = pause.extend(callStartedAt, asked);
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

    private void entered(State now) {
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
}
