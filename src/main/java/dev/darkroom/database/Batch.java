package dev.darkroom.database;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Lets things that are written at about the same time share a statement, and with it a commit. Nothing waits for company:
 * what comes while the database is busy with those before goes together in the next statement. So an idle service answers
 * as fast as without it, and a busy one needs fewer statements the busier it is. Thread-safe; nothing blocks.
 *
 * @param <T> what is written
 * @param <R> what comes of it
 */
public final class Batch<T, R> {
    private final int largest;
    private final int atOnce;
    private final Function<List<T>, Future<List<R>>> statement;
    private final Predicate<Throwable> separable;
    private final Queue<Item<T, R>> waiting = new ArrayDeque<>();
    private int underWay;

    private record Item<T, R>(T value, Promise<R> promise) {}

    /**
     * @param largest how many may share a statement, at least 1
     * @param atOnce how many statements may be under way at once, at least 1
     * @param statement writes them all or none; as many results, in the same order. May throw
     * @param separable after which failures of several each is tried alone, so that one cannot spoil the others; only where
     *     nothing can have been written, or writing twice does no harm
     */
    public Batch(
            int largest, int atOnce, Function<List<T>, Future<List<R>>> statement, Predicate<Throwable> separable) {
        this.largest = largest;
        this.atOnce = atOnce;
        this.statement = statement;
        this.separable = separable;
    }

    /** Writes one thing, at once or with the next ones. */
    public Future<R> add(T value) {
        Promise<R> promise = Promise.promise();
        synchronized (this) {
            waiting.add(new Item<>(value, promise));
        }
        next();
        return promise.future();
    }

    private void next() {
        List<Item<T, R>> items = new ArrayList<>();
        synchronized (this) {
            if (underWay == atOnce || waiting.isEmpty()) {
                return;
            }
            underWay++;
            while (items.size() < largest && !waiting.isEmpty()) {
                items.add(waiting.remove());
            }
        }
        write(items).onComplete(done -> {
            synchronized (this) {
                underWay--;
            }
            next();
        });
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
                    if (items.size() == 1 || !separable.test(error)) {
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
