package dev.darkroom.backend.http;

import dev.darkroom.backend.Call;
import dev.darkroom.backend.Failure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.Outcome;
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
 * <p>Confined to the context on which the call was started; only {@link Call#abort()} may come from elsewhere.
 */
public final class CallScope {
    private static final Logger LOG = LoggerFactory.getLogger(CallScope.class);
    private static final Failure NO_ROOM = Failure.of(
            FailureClass.INTERNAL,
            "NO_ROOM",
            "The AI server's answer is large, and there was no room beside others to read it before the deadline.");
    private static final Failure INTERNAL =
            Failure.of(FailureClass.INTERNAL, "INTERNAL_ERROR", "The call failed for a reason of our own.");

    private final Vertx vertx;
    private final String key;
    private final Holding holding;
    private final long end;
    private final Promise<Outcome> outcome = Promise.promise();
    private final Set<Runnable> endHandlers = new LinkedHashSet<>();
    private BooleanSupplier sent;
    private boolean over;

    private CallScope(Vertx vertx, String key, Holding holding, Duration budget) {
        this.vertx = vertx;
        this.key = key;
        this.holding = holding;
        this.end = System.nanoTime() + budget.toNanos();
    }

    /**
     * Runs a call.
     *
     * @param memory for what it reads
     * @param key what logs call the work, as {@link dev.darkroom.backend.ImageRequest#key()}
     * @param work starts the work and says how it ended; may fail, best with a {@link CallFailedException}
     * @return the outcome; never fails
     */
    public static Future<Outcome> run(
            Vertx vertx, AnswerMemory memory, String key, Call call, Function<CallScope, Future<Outcome>> work) {
        Context context = vertx.getOrCreateContext();
        CallScope scope = new CallScope(vertx, key, new Holding(memory, context), call.budget());
        context.runOnContext(v -> scope.start(context, call, work));
        return scope.outcome.future();
    }

    private void start(Context context, Call call, Function<CallScope, Future<Outcome>> work) {
        long timer = vertx.setTimer(Math.max(1, remaining().toMillis()), t -> end(new Outcome.Failed(late())));
        onEnd(() -> vertx.cancelTimer(timer));
        call.onAbort(() -> context.runOnContext(v -> end(new Outcome.Aborted())));
        if (call.aborted()) {
            end(new Outcome.Aborted());
            holding.letGo();
            return;
        }
        Future<Outcome> done;
        try {
            done = work.apply(this);
        } catch (RuntimeException e) {
            done = Future.failedFuture(e);
        }
        done.onComplete(
                result -> {
                    // Whoever gets the pictures says when he has no more use for them.
                    if (!over && result instanceof Outcome.Generated) {
                        holding.until(call.finished());
                    }
                    end(result);
                    holding.letGo();
                },
                failure -> {
                    end(new Outcome.Failed(failureOf(failure)));
                    holding.letGo();
                });
    }

    private Failure late() {
        return holding.waits() ? NO_ROOM : TransportFailure.late(sent != null && sent.getAsBoolean());
    }

    private Failure failureOf(Throwable cause) {
        if (cause instanceof CallFailedException failed) {
            return failed.failure();
        }
        if (!over) {
            LOG.atError().addKeyValue("generation", key).setCause(cause).log("call to an AI server failed inside");
        }
        return INTERNAL.withDetail(cause.getClass().getName());
    }

    private void end(Outcome how) {
        if (over) {
            return;
        }
        over = true;
        List.copyOf(endHandlers).forEach(Runnable::run);
        endHandlers.clear();
        outcome.complete(how);
    }

    /** True once the outcome is known; nothing new may be started then. */
    public boolean over() {
        return over;
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
    void sends(BooleanSupplier nowSent) {
        if (sent == null) {
            sent = nowSent;
        }
    }

    /** Runs {@code handler} when the call ends, at once when it already has. */
    void onEnd(Runnable handler) {
        if (over) {
            handler.run();
        } else {
            endHandlers.add(handler);
        }
    }

    /** Forgets a handler whose reason has gone. */
    void forget(Runnable handler) {
        endHandlers.remove(handler);
    }

    /** Waits; fails when the call ends before. */
    Future<Void> pause(Duration time) {
        Promise<Void> waited = Promise.promise();
        long timer = vertx.setTimer(Math.max(1, TimeUnit.NANOSECONDS.toMillis(time.toNanos())), t -> waited.complete());
        onEnd(() -> {
            if (vertx.cancelTimer(timer)) {
                waited.fail(new CallFailedException(INTERNAL));
            }
        });
        return waited.future();
    }

    /** What was read is in use until this completes, though the call may end before. */
    public void holdUntil(Future<?> done) {
        holding.until(done);
    }

    Holding holding() {
        return holding;
    }

    Vertx vertx() {
        return vertx;
    }
}
