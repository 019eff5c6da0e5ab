package dev.darkroom.notification;

import dev.darkroom.generation.EndedGeneration;
import dev.darkroom.generation.GenerationEndListener;
import dev.darkroom.generation.GenerationStatus;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Writes down what users are told, in the transaction in which it happens: there is no end without its notification, and none without
 * an end. Thread-safe.
 */
public final class RecordStore implements GenerationEndListener {
    private final List<RecordListener> listeners;
    private final Consumer<List<Notification>> announcer;

    /**
     * @param listeners called inside the transaction, in this order
     * @param announcer told what is durable
     */
    public RecordStore(List<RecordListener> listeners, Consumer<List<Notification>> announcer) {
        this.listeners = List.copyOf(listeners);
        this.announcer = announcer;
    }

    @Override
    public Future<Runnable> ended(SqlConnection connection, List<EndedGeneration> generations) {
        return write(connection, generations.stream().map(RecordStore::told).toList());
    }

    /**
     * Writes notifications.
     *
     * @param connection in a transaction of the caller's, which should have nothing else to do
     * @param news at least one
     * @return what the caller has to do after the commit
     */
    public Future<Runnable> write(SqlConnection connection, List<NewNotification> news) {
        JsonArray rows = new JsonArray();
        news.forEach(one -> rows.add(one.toRow(rows.size())));
        return connection
                .preparedQuery(NotificationSql.RECORD)
                .execute(Tuple.of(rows))
                .compose(written -> tellListeners(connection, NotificationStore.notifications(written)));
    }

    private Future<Runnable> tellListeners(SqlConnection connection, List<Notification> recorded) {
        List<Runnable> afterwards = new ArrayList<>();
        Future<Void> told = Future.succeededFuture();
        for (RecordListener listener : listeners) {
            told = told.compose(done -> listener.recorded(connection, recorded))
                    .onSuccess(afterwards::add)
                    .mapEmpty();
        }
        afterwards.add(() -> announcer.accept(recorded));
        return told.map(all -> () -> afterwards.forEach(Runnable::run));
    }

    private static NewNotification told(EndedGeneration generation) {
        JsonObject data = new JsonObject()
                .put("generationId", generation.id().toString())
                .put("status", generation.status().name())
                .put("imageCount", generation.imageCount())
                .put("failedAttempts", generation.failedAttempts());
        if (generation.status() == GenerationStatus.FAILED) {
            data.put(
                    "error",
                    new JsonObject().put("code", generation.errorCode()).put("message", generation.errorMessage()));
        }
        return NewNotification.of(generation.userId(), Notification.GENERATION_ENDED, generation.id(), data);
    }
}
