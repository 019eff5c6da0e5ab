package dev.darkroom.database;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.ConnectionPoolTooBusyException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Combines values that are written at about the same time into one statement, and so into one commit; or keys that are read. A value is
 * sent immediately when fewer statements are running than allowed. Otherwise it waits and is sent with the next statement. An idle server
 * responds as fast as without batching; a busy one needs fewer statements per value. The result of a read is never older than the call of
 * {@link #add}, since no value joins a statement that is running.
 *
 * <p>Limits the number of waiting values and their waiting time, like a connection pool. A hanging database therefore does not
 * accumulate values, and does not get expired ones when it recovers. Thread-safe; nothing blocks.
 *
 * @param <T> the type of the values
 * @param <R> the type of the result of a value
 */
public final class StatementBatcher<T, R> {
    /** Limit of the waiting values, in full statements. */
    private static final int MAX_WAITING_STATEMENTS = 100;

    private final Limits limits;
    private final Function<List<T>, Future<List<R>>> statement;
    private final Predicate<Throwable> retrySeparately;
    private final LongSupplier nanoClock;
    private final Queue<Item<T, R>> waiting = new ArrayDeque<>();
    private int running;

    private record Item<T, R>(T value, Promise<R> promise, long enqueuedAt) {}

    /**
     * Limits of a batcher.
     *
     * @param maxSize maximum number of values in a statement, at least 1
     * @param concurrency maximum number of running statements, at least 1
     * @param maxWait maximum time that a value waits for its statement to be sent. Checked when a statement ends, so that the failure
     *     may be reported later by the duration of a statement
     */
    public record Limits(int maxSize, int concurrency, Duration maxWait) {}

    /**
     * @param statement writes all values or none, or reads them, and returns one result per value, in the same order. May throw
     * @param retrySeparately whether to retry each value alone after a failure of several, so that one value cannot fail the others.
     *     True only if nothing can have been written, or if writing twice is harmless
     * @param nanoClock monotonic, in nanoseconds
     */
    public StatementBatcher(
            Limits limits,
            Function<List<T>, Future<List<R>>> statement,
            Predicate<Throwable> retrySeparately,
            LongSupplier nanoClock) {
        this.limits = limits;
        this.statement = statement;
        this.retrySeparately = retrySeparately;
        this.nanoClock = nanoClock;
    }

    /**
     * Sends a value, immediately or with the next statement. If too many values are waiting or the value has waited for too long, fails
     * with an exception for which {@link DatabaseErrorClassifier#isUnavailable} is true; the value was not sent then.
     */
    public Future<R> add(T value) {
        Promise<R> promise = Promise.promise();
        synchronized (this) {
            if (waiting.size() >= limits.maxSize * MAX_WAITING_STATEMENTS) {
                return Future.failedFuture(
                        new ConnectionPoolTooBusyException("too many values waiting for a statement"));
            }
            waiting.add(new Item<>(value, promise, nanoClock.getAsLong()));
        }
        sendNext();
        return promise.future();
    }

    private void sendNext() {
        List<Item<T, R>> items = new ArrayList<>();
        List<Item<T, R>> late = new ArrayList<>();
        synchronized (this) {
            if (running == limits.concurrency) {
                return;
            }
            while (items.size() < limits.maxSize && !waiting.isEmpty()) {
                Item<T, R> item = waiting.remove();
                boolean inTime = nanoClock.getAsLong() - item.enqueuedAt <= limits.maxWait.toNanos();
                (inTime ? items : late).add(item);
            }
            if (!items.isEmpty()) {
                running++;
            }
        }
        late.forEach(item -> finish(() -> item.promise.fail(new TimeoutException("value not sent in time"))));
        if (!items.isEmpty()) {
            execute(items).onComplete(done -> {
                synchronized (this) {
                    running--;
                }
                sendNext();
            });
        }
    }

    /** Completes when each item has its result. Never fails. */
    private Future<?> execute(List<Item<T, R>> items) {
        return Future.succeededFuture()
                .compose(
                        start -> statement.apply(items.stream().map(Item::value).toList()))
                .onSuccess(results -> {
                    for (int i = 0; i < items.size(); i++) {
                        Promise<R> promise = items.get(i).promise;
                        R result = results.get(i);
                        finish(() -> promise.complete(result));
                    }
                })
                .<Object>mapEmpty()
                .recover(error -> {
                    if (items.size() == 1 || !retrySeparately.test(error)) {
                        items.forEach(item -> finish(() -> item.promise.fail(error)));
                        return Future.succeededFuture();
                    }
                    return Future.join(items.stream()
                                    .map(item -> execute(List.of(item)))
                                    .toList())
                            .mapEmpty();
                });
    }

    /** Completes an item. An exception of its handlers is reported later, so that the other items get their results. */
    private static void finish(Runnable completion) {
        try {
            completion.run();
        } catch (RuntimeException e) {
            Context context = Vertx.currentContext();
            if (context == null) {
                Thread.currentThread().getUncaughtExceptionHandler().uncaughtException(Thread.currentThread(), e);
            } else {
                context.runOnContext(reported -> {
                    throw e;
                });
            }
        }
    }
}
