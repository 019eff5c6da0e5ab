package dev.darkroom.backend.http;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One call from its start to its one end: the work is done, its budget is used up, or it is aborted, whichever comes
 * first. At that moment the outcome is known and everything that the call still holds open is broken off.
 *
 * <p>Confined to the context on which the call was started; only {@link BackendCall#abort()} may come from elsewhere.
 */
public final class BackendCallScope {
    private static final Logger LOG = LoggerFactory.getLogger(BackendCallScope.class);
    private static final BackendFailure NO_RESPONSE_MEMORY = BackendFailure.of(
            FailureClass.INTERNAL,
            "NO_ROOM",
            "The AI server's answer is large, and there was no room beside others to read it before the deadline.");
    private static final BackendFailure INTERNAL =
            BackendFailure.of(FailureClass.INTERNAL, "INTERNAL_ERROR", "The call failed for a reason of our own.");

    private final Vertx vertx;
    private final String key;
    private final MemoryReservation reservation;
    private final long end;
    private final Promise<BackendOutcome> outcome = Promise.promise();
    private final Set<Runnable> endHandlers = new LinkedHashSet<>();
    private BooleanSupplier requestSent;
    private boolean ended;

    private BackendCallScope(Vertx vertx, String key, MemoryReservation memoryReservation, Duration budget) {
        this.vertx = vertx;
        this.key = key;
        this.reservation = memoryReservation;
        this.end = System.nanoTime() + budget.toNanos();
    }

    /**
     * Runs a call.
     *
     * @param memory for what it reads
     * @param key what logs call the work, as {@link dev.darkroom.backend.ImageRequest#key()}
     * @param work starts the work and says how it ended; may fail, best with a {@link BackendCallException}
     * @return the outcome; never fails
     */
    public static Future<BackendOutcome> run(
            Vertx vertx,
            ResponseMemoryBudget memory,
            String key,
            BackendCall backendCall,
            Function<BackendCallScope, Future<BackendOutcome>> work) {
        Context context = vertx.getOrCreateContext();
        BackendCallScope scope =
                new BackendCallScope(vertx, key, new MemoryReservation(memory, context), backendCall.timeout());
        context.runOnContext(v -> scope.start(context, backendCall, work));
        return scope.outcome.future();
    }

    private void start(
            Context context, BackendCall backendCall, Function<BackendCallScope, Future<BackendOutcome>> work) {
        long timer = vertx.setTimer(
                Math.max(1, remaining().toMillis()), t -> end(new BackendOutcome.Failed(deadlineFailure())));
        onEnd(() -> vertx.cancelTimer(timer));
        backendCall.onAbort(() -> context.runOnContext(v -> end(new BackendOutcome.Aborted())));
        if (backendCall.aborted()) {
            end(new BackendOutcome.Aborted());
            reservation.release();
            return;
        }
        Future<BackendOutcome> done;
        try {
            done = work.apply(this);
        } catch (RuntimeException e) {
            done = Future.failedFuture(e);
        }
        done.onComplete(
                result -> {
                    // Whoever gets the pictures says when he has no more use for them.
                    if (!ended && result instanceof BackendOutcome.Generated) {
                        reservation.retainUntil(backendCall.released());
                    }
                    end(result);
                    reservation.release();
                },
                failure -> {
                    end(new BackendOutcome.Failed(toFailure(failure)));
                    reservation.release();
                });
    }

    private BackendFailure deadlineFailure() {
        return reservation.isWaiting()
                ? NO_RESPONSE_MEMORY
                : TransportErrorClassifier.deadlineExceeded(requestSent != null && requestSent.getAsBoolean());
    }

    private BackendFailure toFailure(Throwable cause) {
        if (cause instanceof BackendCallException failed) {
            return failed.failure();
        }
        if (!ended) {
            LOG.atError().addKeyValue("generation", key).setCause(cause).log("call to an AI server failed inside");
        }
        return INTERNAL.withDetail(cause.getClass().getName());
    }

    private void end(BackendOutcome how) {
        if (ended) {
            return;
        }
        ended = true;
        List.copyOf(endHandlers).forEach(Runnable::run);
        endHandlers.clear();
        outcome.complete(how);
    }

    /** True once the outcome is known; nothing new may be started then. */
    public boolean ended() {
        return ended;
    }

    /** How much of the budget is left; never negative. */
    public Duration remaining() {
        return Duration.ofNanos(Math.max(0, end - System.nanoTime()));
    }

    /**
     * A request is about to be made. Only the first of a call matters here, since further ones follow from its answer.
     *
     * @param nowSent whether its server may have seen it by now
     */
    void registerRequest(BooleanSupplier nowSent) {
        if (requestSent == null) {
            requestSent = nowSent;
        }
    }

    /** Runs {@code handler} when the call ends, at once when it already has. */
    void onEnd(Runnable handler) {
        if (ended) {
            handler.run();
        } else {
            endHandlers.add(handler);
        }
    }

    /** Forgets a handler whose reason has gone. */
    void removeEndHandler(Runnable handler) {
        endHandlers.remove(handler);
    }

    /** Waits; fails when the call ends before. */
    Future<Void> delay(Duration time) {
        Promise<Void> waited = Promise.promise();
        long timer = vertx.setTimer(Math.max(1, TimeUnit.NANOSECONDS.toMillis(time.toNanos())), t -> waited.complete());
        onEnd(() -> {
            if (vertx.cancelTimer(timer)) {
                waited.fail(new BackendCallException(INTERNAL));
            }
        });
        return waited.future();
    }

    /** What was read is in use until this completes, though the call may end before. */
    public void retainMemoryUntil(Future<?> done) {
        reservation.retainUntil(done);
    }

    MemoryReservation reservation() {
        return reservation;
    }

    Vertx vertx() {
        return vertx;
    }
}
