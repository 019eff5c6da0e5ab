package dev.darkroom.notification;

import dev.darkroom.generation.FinishedGeneration;
import dev.darkroom.generation.GenerationFinishListener;
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
public final class NotificationWriter implements GenerationFinishListener {
    private final List<NotificationWriteListener> listeners;
    private final Consumer<List<Notification>> publisher;

    /**
     * @param listeners called inside the transaction, in this order
     * @param announcer told what is durable
     */
    public NotificationWriter(List<NotificationWriteListener> listeners, Consumer<List<Notification>> announcer) {
        this.listeners = List.copyOf(listeners);
        this.publisher = announcer;
    }

    @Override
    public Future<Runnable> onFinished(SqlConnection connection, List<FinishedGeneration> generations) {
        return write(
                connection,
                generations.stream().map(NotificationWriter::toNotification).toList());
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
                .preparedQuery(NotificationSql.INSERT_NOTIFICATIONS)
                .execute(Tuple.of(rows))
                .compose(written -> notifyListeners(connection, NotificationStore.toNotifications(written)));
    }

    private Future<Runnable> notifyListeners(SqlConnection connection, List<Notification> recorded) {
        List<Runnable> afterwards = new ArrayList<>();
        Future<Void> told = Future.succeededFuture();
        for (NotificationWriteListener listener : listeners) {
            told = told.compose(done -> listener.onRecorded(connection, recorded))
                    .onSuccess(afterwards::add)
                    .mapEmpty();
        }
        afterwards.add(() -> publisher.accept(recorded));
        return told.map(all -> () -> afterwards.forEach(Runnable::run));
    }

    private static NewNotification toNotification(FinishedGeneration generation) {
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
