package dev.darkroom.refresh;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * A value that is loaded on demand and kept. Concurrent callers share one load. A value that is no longer fresh is returned as it is
 * while a load in the background replaces it; a value older than a limit is not returned any more. A load that throws, fails or does
 * not end leaves nothing behind: the next caller starts another one.
 *
 * <p>Thread-safe; nothing blocks. Futures complete on the caller's context, at once where no load is needed.
 *
 * @param <T> type of the value
 */
public final class RefreshingValue<T> {
    private final Vertx vertx;
    private final Supplier<Future<T>> source;
    private final Limits limits;
    private final LongSupplier nanoClock;

    // Guarded by this.
    private Loaded<T> loaded;
    /** Null while no load is under way. */
    private Load<T> underWay;
    /** Null before the first load. */
    private Long lastStart;
    /** Cause of the last load's failure; null when it succeeded. */
    private Throwable failure;

    private record Loaded<T>(T value, long since) {}

    private record Load<T>(long start, Promise<T> result) {}

    /**
     * Ages, counted from the start of a load.
     *
     * @param fresh a younger value is returned without a load
     * @param usable a younger value is returned while a load is under way and when it fails; at least {@code fresh}
     * @param spacing shortest time from the start of one load to the start of the next; zero for none
     * @param loadTimeout a load that takes longer has failed
     */
    public record Limits(Duration fresh, Duration usable, Duration spacing, Duration loadTimeout) {
        public Limits {
            if (usable.compareTo(fresh) < 0) {
                throw new IllegalArgumentException("usable must be at least fresh");
            }
        }
    }

    /**
     * @param source starts a load; may throw. Called on the thread of a caller, without any lock
     * @param nanoClock monotonic, in nanoseconds
     */
    public RefreshingValue(Vertx vertx, Supplier<Future<T>> source, Limits limits, LongSupplier nanoClock) {
        this.vertx = vertx;
        this.source = source;
        this.limits = limits;
        this.nanoClock = nanoClock;
    }

    /** The value. Waits for a load only when there is no usable value; fails when that load fails. */
    public Future<T> get() {
        Loaded<T> known;
        synchronized (this) {
            known = usable();
            if (known != null && age(known) < limits.fresh().toNanos()) {
                return Future.succeededFuture(known.value());
            }
        }
        Future<T> load = load();
        return known == null ? onContextOfCaller(load) : Future.succeededFuture(known.value());
    }

    /** The value as a load reads it that starts now, or that is under way. Within the spacing the result of the last load. */
    public Future<T> reload() {
        return onContextOfCaller(load());
    }

    /** The value if it is usable. Starts no load. */
    public synchronized Optional<T> current() {
        return Optional.ofNullable(usable()).map(Loaded::value);
    }

    /** Whether the last load failed. */
    public synchronized boolean failing() {
        return failure != null;
    }

    private Loaded<T> usable() {
        if (loaded != null && age(loaded) >= limits.usable().toNanos()) {
            loaded = null;
        }
        return loaded;
    }

    private long age(Loaded<T> known) {
        return nanoClock.getAsLong() - known.since();
    }

    private Future<T> load() {
        Load<T> load;
        synchronized (this) {
            if (underWay != null) {
                return underWay.result().future();
            }
            long now = nanoClock.getAsLong();
            if (lastStart != null && now - lastStart < limits.spacing().toNanos()) {
                return lastResult();
            }
            lastStart = now;
            load = new Load<>(now, Promise.promise());
            underWay = load;
        }
        start(load);
        return load.result().future();
    }

    private Future<T> lastResult() {
        Loaded<T> known = usable();
        if (failure != null) {
            return Future.failedFuture(failure);
        }
        return known == null
                ? Future.failedFuture(new IllegalStateException("the value is too old, and was loaded just now"))
                : Future.succeededFuture(known.value());
    }

    private void start(Load<T> load) {
        long timer = vertx.setTimer(
                limits.loadTimeout().toMillis(),
                late -> end(
                        load,
                        null,
                        new TimeoutException(
                                "not loaded within " + limits.loadTimeout().toMillis() + " ms")));
        Future<T> result;
        try {
            result = Objects.requireNonNull(source.get(), "the source has returned no future");
        } catch (RuntimeException | Error thrown) {
            result = Future.failedFuture(thrown);
        }
        result.onComplete(done -> {
            vertx.cancelTimer(timer);
            end(load, done.result(), done.cause());
        });
    }

    /** Ends a load. Nothing when it has ended before, by its timeout. */
    private void end(Load<T> load, T value, Throwable cause) {
        synchronized (this) {
            if (underWay != load) {
                return;
            }
            // Before anybody learns of it, so that the next caller starts another load.
            underWay = null;
            failure = cause;
            if (cause == null) {
                loaded = new Loaded<>(value, load.start());
            }
        }
        if (cause == null) {
            load.result().complete(value);
        } else {
            load.result().fail(cause);
        }
    }

    /** A caller on another event loop may have started the load. */
    private Future<T> onContextOfCaller(Future<T> load) {
        if (load.isComplete()) {
            return load.succeeded() ? Future.succeededFuture(load.result()) : Future.failedFuture(load.cause());
        }
        return Future.fromCompletionStage(load.toCompletionStage(), vertx.getOrCreateContext());
    }
}
