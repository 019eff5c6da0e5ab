package dev.darkroom.database;

import io.vertx.core.Future;
import io.vertx.core.Promise;
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
 * Lets things that are written at about the same time share a statement, and with it a commit. Nothing waits for company:
 * what comes while the database is busy with those before goes together in the next statement. So an idle service answers
 * as fast as without it, and a busy one needs fewer statements the busier it is.
 *
 * <p>A database that hangs must not make them pile up, nor be met, when it is back, by what nobody waits for any more: as
 * with a pool of connections, only so many may wait, and only for so long. Thread-safe; nothing blocks.
 *
 * @param <T> what is written
 * @param <R> what comes of it
 */
public final class StatementBatcher<T, R> {
    /** Statements that those who wait would fill. */
    private static final int MAX_WAITING_STATEMENTS = 100;

    private final Limits limits;
    private final Function<List<T>, Future<List<R>>> statement;
    private final Predicate<Throwable> retrySeparately;
    private final LongSupplier nanoClock;
    private final Queue<Item<T, R>> waiting = new ArrayDeque<>();
    private int running;

    private record Item<T, R>(T value, Promise<R> promise, long enqueuedAt) {}

    /**
     * How much may go on at once.
     *
     * @param maxSize how many may share a statement, at least 1
     * @param concurrency how many statements may be under way at once, at least 1
     * @param maxWait how long one may wait for its statement to be sent. Looked at when a statement ends, so that one may
     *     learn of it later by as long as a statement takes
     */
    public record Limits(int maxSize, int concurrency, Duration maxWait) {}

    /**
     * @param statement writes them all or none; as many results, in the same order. May throw
     * @param separable after which failures of several each is tried alone, so that one cannot spoil the others; only where
     *     nothing can have been written, or writing twice does no harm
     * @param nanoClock monotonic, in nanoseconds
     */
    public StatementBatcher(
            Limits limits,
            Function<List<T>, Future<List<R>>> statement,
            Predicate<Throwable> separable,
            LongSupplier nanoClock) {
        this.limits = limits;
        this.statement = statement;
        this.retrySeparately = separable;
        this.nanoClock = nanoClock;
    }

    /**
     * Writes one thing, at once or with the next ones. Fails as {@link DatabaseErrorClassifier#isUnavailable} when too many wait or it has
     * waited for too long; then it was not sent.
     */
    public Future<R> add(T value) {
        Promise<R> promise = Promise.promise();
        synchronized (this) {
            if (waiting.size() >= limits.maxSize * MAX_WAITING_STATEMENTS) {
                return Future.failedFuture(new ConnectionPoolTooBusyException("too many wait to be written"));
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
        late.forEach(item -> item.promise.fail(new TimeoutException("waited for too long to be written")));
        if (!items.isEmpty()) {
            write(items).onComplete(done -> {
                synchronized (this) {
                    running--;
                }
                sendNext();
            });
        }
    }

    /** Completes, never fails, once each item has its result. */
    private Future<?> write(List<Item<T, R>> items) {
        return Future.succeededFuture()
                .compose(
                        start -> statement.apply(items.stream().map(Item::value).toList()))
                .onSuccess(results -> {
                    for (int i = 0; i < items.size(); i++) {
                        items.get(i).promise.complete(results.get(i));
                    }
                })
                .<Object>mapEmpty()
                .recover(error -> {
                    if (items.size() == 1 || !retrySeparately.test(error)) {
                        items.forEach(item -> item.promise.fail(error));
                        return Future.succeededFuture();
                    }
                    return Future.join(items.stream()
                                    .map(item -> write(List.of(item)))
                                    .toList())
                            .mapEmpty();
                });
    }
}
