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
 * Stores notifications in the transaction of the event that they report. So every finished generation has exactly one notification.
 * Thread-safe.
 */
public final class NotificationWriter implements GenerationFinishListener {
    private final List<NotificationWriteListener> listeners;
    private final Consumer<List<Notification>> publisher;

    /**
     * @param listeners called inside the transaction, in this order
     * @param publisher receives the notifications after the commit
     */
    public NotificationWriter(List<NotificationWriteListener> listeners, Consumer<List<Notification>> publisher) {
        this.listeners = List.copyOf(listeners);
        this.publisher = publisher;
    }

    @Override
    public Future<Runnable> onFinished(SqlConnection connection, List<FinishedGeneration> generations) {
        return write(
                connection,
                generations.stream().map(NotificationWriter::toNotification).toList());
    }

    /**
     * Inserts notifications and calls the listeners.
     *
     * @param connection connection in a transaction of the caller; should execute no further statement, because the row locks of the
     *     users last until the commit
     * @param notifications at least one
     * @return action that the caller must run after the commit
     */
    public Future<Runnable> write(SqlConnection connection, List<NewNotification> notifications) {
        JsonArray rows = new JsonArray();
        notifications.forEach(notification -> rows.add(notification.toRow(rows.size())));
        return connection
                .preparedQuery(NotificationSql.INSERT_NOTIFICATIONS)
                .execute(Tuple.of(rows))
                .compose(inserted -> callListeners(connection, NotificationStore.toNotifications(inserted)));
    }

    private Future<Runnable> callListeners(SqlConnection connection, List<Notification> notifications) {
        List<Runnable> afterCommit = new ArrayList<>();
        Future<Void> calls = Future.succeededFuture();
        for (NotificationWriteListener listener : listeners) {
            calls = calls.compose(done -> listener.onRecorded(connection, notifications))
                    .onSuccess(afterCommit::add)
                    .mapEmpty();
        }
        afterCommit.add(() -> publisher.accept(notifications));
        return calls.map(done -> () -> afterCommit.forEach(Runnable::run));
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
