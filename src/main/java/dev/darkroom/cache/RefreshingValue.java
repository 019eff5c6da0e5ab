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
 * Cached value that is loaded on demand and refreshed in the background. Concurrent callers share one load. A stale value is returned
 * while a load replaces it; an expired value is not returned. A load that throws, fails or times out leaves no state behind: the next
 * caller starts another one.
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
    /** Null when no load is running. */
    private PendingLoad<T> currentLoad;
    /** Null before the first load. */
    private Long lastLoadStartedAt;
    /** Cause of the last load's failure; null when it succeeded. */
    private Throwable lastFailure;

    private record LoadedValue<T>(T value, long loadStartedAt) {}

    private record PendingLoad<T>(long startedAt, Promise<T> result) {}

    /**
     * Refresh times. The age of a value counts from the start of its load.
     *
     * @param refreshAfter age from which {@link #get} starts a load in the background
     * @param expireAfter age from which the value is no longer returned, not even when loads fail; at least {@code refreshAfter}
     * @param minLoadInterval minimum time from the start of one load to the start of the next; zero for no limit
     * @param loadTimeout duration after which a load fails
     */
    public record RefreshPolicy(
            Duration refreshAfter, Duration expireAfter, Duration minLoadInterval, Duration loadTimeout) {
        public RefreshPolicy {
            if (expireAfter.compareTo(refreshAfter) < 0) {
                throw new IllegalArgumentException("expireAfter must be at least refreshAfter");
            }
        }
    }

    /**
     * @param loader starts a load; may throw. Called on the thread of a caller, without holding a lock
     * @param nanoClock monotonic, in nanoseconds
     */
    public RefreshingValue(Vertx vertx, Supplier<Future<T>> loader, RefreshPolicy policy, LongSupplier nanoClock) {
        this.vertx = vertx;
        this.loader = loader;
        this.policy = policy;
        this.nanoClock = nanoClock;
    }

    /** Returns the value. Waits for a load only without an unexpired value; fails when that load fails. */
    public Future<T> get() {
        LoadedValue<T> known;
        synchronized (this) {
            known = unexpiredValue();
            if (known != null && ageOf(known) < policy.refreshAfter().toNanos()) {
                return Future.succeededFuture(known.value());
            }
        }
        Future<T> load = load();
        return known == null ? onCallerContext(load) : Future.succeededFuture(known.value());
    }

    /**
     * Loads the value, or joins the running load. Returns the result of the last load when it started less than {@code minLoadInterval}
     * ago.
     */
    public Future<T> reload() {
        return onCallerContext(load());
    }

    /** Returns the value unless it has expired. Starts no load. */
    public synchronized Optional<T> currentValue() {
        return Optional.ofNullable(unexpiredValue()).map(LoadedValue::value);
    }

    /** Discards the value, so that the next caller waits for a load. Does not affect a running load. */
    public synchronized void expire() {
        loadedValue = null;
    }

    /** Returns whether the last load failed. */
    public synchronized boolean lastLoadFailed() {
        return lastFailure != null;
    }

    private LoadedValue<T> unexpiredValue() {
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
        LoadedValue<T> known = unexpiredValue();
        if (lastFailure != null) {
            return Future.failedFuture(lastFailure);
        }
        return known == null
                ? Future.failedFuture(
                        new IllegalStateException("value expired within the minimum interval between two loads"))
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
            result = Objects.requireNonNull(loader.get(), "the loader returned null");
        } catch (RuntimeException | Error thrown) {
            result = Future.failedFuture(thrown);
        }
        result.onComplete(done -> {
            vertx.cancelTimer(timer);
            completeLoad(pendingLoad, done.result(), done.cause());
        });
    }

    /** Completes a load. Does nothing when it has already timed out. */
    private void completeLoad(PendingLoad<T> pendingLoad, T value, Throwable cause) {
        synchronized (this) {
            if (currentLoad != pendingLoad) {
                return;
            }
            // Cleared before the result is published, so that the next caller starts another load.
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

    /** Moves the result to the context of the caller, because a caller on another event loop may have started the load. */
    private Future<T> onCallerContext(Future<T> load) {
        if (load.isComplete()) {
            return load.succeeded() ? Future.succeededFuture(load.result()) : Future.failedFuture(load.cause());
        }
        return Future.fromCompletionStage(load.toCompletionStage(), vertx.getOrCreateContext());
    }
}
