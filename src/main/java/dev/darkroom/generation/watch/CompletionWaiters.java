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
 * Who waits for the end of which generation. A waiter is a promise and a timer: neither a thread nor a statement. Shared by the
 * verticles of a process, kept going by an {@link CompletionVerticle}; thread-safe.
 */
public final class CompletionWaiters {
    /** So many may wait at once in a process. Whoever comes then is answered without waiting, which is always right. */
    static final int MAX_WAITERS = 20_000;

    private final Map<UUID, Set<Waiter>> waiters = new ConcurrentHashMap<>();
    private final AtomicInteger waiterCount = new AtomicInteger();
    private volatile boolean closed;

    /** Somebody who waits. Begins before the generation is looked at, so that no end falls in between. */
    public final class Waiter implements AutoCloseable {
        private final UUID id;
        private final Promise<Void> promise = Promise.promise();

        private Waiter(UUID id) {
            this.id = id;
        }

        /** Completes, never fails, when the generation has ended, the time is up or the process stops; on the caller's context. */
        public Future<Void> await(Vertx vertx, Duration atMost) {
            Promise<Void> mine = Promise.promise();
            long timer = vertx.setTimer(Math.max(1, atMost.toMillis()), up -> promise.tryComplete());
            var context = vertx.getOrCreateContext();
            promise.future().onComplete(ended -> {
                vertx.cancelTimer(timer);
                context.runOnContext(back -> mine.complete());
            });
            return mine.future();
        }

        /** Once. */
        @Override
        public void close() {
            waiterCount.decrementAndGet();
            waiters.computeIfPresent(id, (key, all) -> {
                all.remove(this);
                return all.isEmpty() ? null : all;
            });
        }
    }

    /** From now on no end is missed. Null when nobody else may wait. */
    public Waiter register(UUID id) {
        if (waiterCount.get() >= MAX_WAITERS) {
            return null;
        }
        waiterCount.incrementAndGet();
        Waiter waiter = new Waiter(id);
        waiters.compute(id, (key, all) -> {
            Set<Waiter> those = all == null ? ConcurrentHashMap.newKeySet(1) : all;
            those.add(waiter);
            return those;
        });
        if (closed) {
            notifyFinished(id);
        }
        return waiter;
    }

    /** A generation has ended. Waits for nobody. */
    void notifyFinished(UUID id) {
        Set<Waiter> those = waiters.get(id);
        if (those != null) {
            List.copyOf(those).forEach(waiter -> waiter.promise.tryComplete());
        }
    }

    /** The generations that are waited for. */
    List<UUID> awaitedIds() {
        return List.copyOf(waiters.keySet());
    }

    /** Lets everybody go, and nobody wait any more: the process is to stop. */
    public void close() {
        closed = true;
        awaitedIds().forEach(this::notifyFinished);
    }
}
