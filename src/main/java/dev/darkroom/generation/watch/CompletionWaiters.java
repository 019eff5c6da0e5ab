package dev.darkroom.generation.watch;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Waiters for the end of generations. A waiter costs a promise and a timer, but no thread and no statement. Shared by the verticles of a
 * process; thread-safe. A {@link CompletionVerticle} notifies it.
 */
public final class CompletionWaiters {
    /** Maximum number of waiters per process. Further requests are answered without waiting, which the contract allows. */
    static final int MAX_WAITERS = 20_000;

    private final Map<UUID, Set<Waiter>> waiters = new ConcurrentHashMap<>();
    private final AtomicInteger waiterCount = new AtomicInteger();
    private volatile boolean closed;

    /** Waits for one generation. Must be registered before the generation is read, so that no end is missed in between. */
    public final class Waiter implements AutoCloseable {
        private final UUID id;
        private final Promise<Void> promise = Promise.promise();

        private Waiter(UUID id) {
            this.id = id;
        }

        /**
         * Completes when the generation has ended, the timeout has passed or the process stops. Never fails. Completes on the context of
         * the caller.
         */
        public Future<Void> await(Vertx vertx, Duration timeout) {
            Promise<Void> result = Promise.promise();
            long timer = vertx.setTimer(Math.max(1, timeout.toMillis()), v -> promise.tryComplete());
            var context = vertx.getOrCreateContext();
            promise.future().onComplete(done -> {
                vertx.cancelTimer(timer);
                context.runOnContext(v -> result.complete());
            });
            return result.future();
        }

        /** Removes the waiter. Must be called exactly once. */
        @Override
        public void close() {
            waiterCount.decrementAndGet();
            waiters.computeIfPresent(id, (key, all) -> {
                all.remove(this);
                return all.isEmpty() ? null : all;
            });
        }
    }

    /** Adds a waiter, which misses no end from now on. Returns null when the maximum number is reached. */
    public Waiter register(UUID id) {
        if (waiterCount.get() >= MAX_WAITERS) {
            return null;
        }
        waiterCount.incrementAndGet();
        Waiter waiter = new Waiter(id);
        waiters.compute(id, (key, all) -> {
            Set<Waiter> updated = all == null ? ConcurrentHashMap.newKeySet(1) : all;
            updated.add(waiter);
            return updated;
        });
        if (closed) {
            notifyFinished(id);
        }
        return waiter;
    }

    /** Completes the waiters of an ended generation. Does not block. */
    void notifyFinished(UUID id) {
        Set<Waiter> found = waiters.get(id);
        if (found != null) {
            List.copyOf(found).forEach(waiter -> waiter.promise.tryComplete());
        }
    }

    /** Returns the ids of the generations with waiters. */
    List<UUID> awaitedIds() {
        return List.copyOf(waiters.keySet());
    }

    /** Completes all waiters, and later ones immediately, because the process stops. */
    public void close() {
        closed = true;
        awaitedIds().forEach(this::notifyFinished);
    }
}
