package dev.darkroom.cache;

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
    private final Supplier<Future<T>> loader;
    private final RefreshPolicy policy;
    private final LongSupplier nanoClock;

    // Guarded by this.
    private LoadedValue<T> loadedValue;
    /** Null while no load is under way. */
    private PendingLoad<T> currentLoad;
    /** Null before the first load. */
    private Long lastLoadStartedAt;
    /** Cause of the last load's failure; null when it succeeded. */
    private Throwable lastFailure;

    private record LoadedValue<T>(T value, long loadStartedAt) {}

    private record PendingLoad<T>(long startedAt, Promise<T> result) {}

    /**
     * Ages, counted from the start of a load.
     *
     * @param refreshAfter a younger value is returned without a load
     * @param expireAfter a younger value is returned while a load is under way and when it fails; at least {@code fresh}
     * @param minLoadInterval shortest time from the start of one load to the start of the next; zero for none
     * @param loadTimeout a load that takes longer has failed
     */
    public record RefreshPolicy(
            Duration refreshAfter, Duration expireAfter, Duration minLoadInterval, Duration loadTimeout) {
        public RefreshPolicy {
            if (expireAfter.compareTo(refreshAfter) < 0) {
                throw new IllegalArgumentException("usable must be at least fresh");
            }
        }
    }

    /**
     * @param source starts a load; may throw. Called on the thread of a caller, without any lock
     * @param nanoClock monotonic, in nanoseconds
     */
    public RefreshingValue(
            Vertx vertx, Supplier<Future<T>> source, RefreshPolicy refreshPolicy, LongSupplier nanoClock) {
        this.vertx = vertx;
        this.loader = source;
        this.policy = refreshPolicy;
        this.nanoClock = nanoClock;
    }

    /** The value. Waits for a load only when there is no usable value; fails when that load fails. */
    public Future<T> get() {
        LoadedValue<T> known;
        synchronized (this) {
            known = usableValue();
            if (known != null && ageOf(known) < policy.refreshAfter().toNanos()) {
                return Future.succeededFuture(known.value());
            }
        }
        Future<T> load = load();
        return known == null ? onCallerContext(load) : Future.succeededFuture(known.value());
    }

    /** The value as a load reads it that starts now, or that is under way. Within the spacing the result of the last load. */
    public Future<T> reload() {
        return onCallerContext(load());
    }

    /** The value if it is usable. Starts no load. */
    public synchronized Optional<T> currentValue() {
        return Optional.ofNullable(usableValue()).map(LoadedValue::value);
    }

    /** Whether the last load failed. */
    public synchronized boolean lastLoadFailed() {
        return lastFailure != null;
    }

    private LoadedValue<T> usableValue() {
        if (loadedValue != null && ageOf(loadedValue) >= policy.expireAfter().toNanos()) {
            loadedValue = null;
        }
        return loadedValue;
    }

    private long ageOf(LoadedValue<T> known) {
        return nanoClock.getAsLong() - known.loadStartedAt();
    }

    private Future<T> load() {
        PendingLoad<T> pendingLoad;
        synchronized (this) {
            if (currentLoad != null) {
                return currentLoad.result().future();
            }
            long now = nanoClock.getAsLong();
            if (lastLoadStartedAt != null
                    && now - lastLoadStartedAt < policy.minLoadInterval().toNanos()) {
                return lastResult();
            }
            lastLoadStartedAt = now;
            pendingLoad = new PendingLoad<>(now, Promise.promise());
            currentLoad = pendingLoad;
        }
        startLoad(pendingLoad);
        return pendingLoad.result().future();
    }

    private Future<T> lastResult() {
        LoadedValue<T> known = usableValue();
        if (lastFailure != null) {
            return Future.failedFuture(lastFailure);
        }
        return known == null
                ? Future.failedFuture(new IllegalStateException("the value is too old, and was loaded just now"))
                : Future.succeededFuture(known.value());
    }

    private void startLoad(PendingLoad<T> pendingLoad) {
        long timer = vertx.setTimer(
                policy.loadTimeout().toMillis(),
                late -> completeLoad(
                        pendingLoad,
                        null,
                        new TimeoutException(
                                "not loaded within " + policy.loadTimeout().toMillis() + " ms")));
        Future<T> result;
        try {
            result = Objects.requireNonNull(loader.get(), "the source has returned no future");
        } catch (RuntimeException | Error thrown) {
            result = Future.failedFuture(thrown);
        }
        result.onComplete(done -> {
            vertx.cancelTimer(timer);
            completeLoad(pendingLoad, done.result(), done.cause());
        });
    }

    /** Ends a load. Nothing when it has ended before, by its timeout. */
    private void completeLoad(PendingLoad<T> pendingLoad, T value, Throwable cause) {
        synchronized (this) {
            if (currentLoad != pendingLoad) {
                return;
            }
            // Before anybody learns of it, so that the next caller starts another load.
            currentLoad = null;
            lastFailure = cause;
            if (cause == null) {
                loadedValue = new LoadedValue<>(value, pendingLoad.startedAt());
            }
        }
        if (cause == null) {
            pendingLoad.result().complete(value);
        } else {
            pendingLoad.result().fail(cause);
        }
    }

    /** A caller on another event loop may have started the load. */
    private Future<T> onCallerContext(Future<T> load) {
        if (load.isComplete()) {
            return load.succeeded() ? Future.succeededFuture(load.result()) : Future.failedFuture(load.cause());
        }
        return Future.fromCompletionStage(load.toCompletionStage(), vertx.getOrCreateContext());
    }
}
