package dev.darkroom.notification;

import dev.darkroom.database.TransactionScope;
import dev.darkroom.generation.FinishedGeneration;
import dev.darkroom.generation.GenerationFinishListener;
import dev.darkroom.generation.GenerationStatus;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Tuple;
import java.util.List;
import java.util.function.Consumer;

/**
 * Stores notifications in the transaction of the event that they report. So every finished generation has exactly one notification.
 * Thread-safe.
 *
 * @param listeners called inside the transaction, in this order
 * @param publisher receives the notifications after the commit
 */
public record NotificationWriter(List<NotificationWriteListener> listeners, Consumer<List<Notification>> publisher)
        implements GenerationFinishListener {
    public NotificationWriter {
        listeners = List.copyOf(listeners);
    }

    @Override
    public Future<Void> onFinished(TransactionScope scope, List<FinishedGeneration> generations) {
        return write(
                scope,
                generations.stream().map(NotificationWriter::toNotification).toList());
    }

    /**
     * Inserts notifications, calls the listeners, and publishes the notifications after the commit.
     *
     * @param scope should execute no further statement, because the row locks of the users last until the commit
     * @param notifications at least one
     */
    public Future<Void> write(TransactionScope scope, List<NewNotification> notifications) {
        JsonArray rows = new JsonArray();
        notifications.forEach(notification -> rows.add(notification.toRow(rows.size())));
        return scope.connection()
                .preparedQuery(NotificationSql.INSERT_NOTIFICATIONS)
                .execute(Tuple.of(rows))
                .compose(inserted -> callListeners(scope, NotificationStore.toNotifications(inserted)));
    }

    private Future<Void> callListeners(TransactionScope scope, List<Notification> notifications) {
        Future<Void> calls = Future.succeededFuture();
        for (NotificationWriteListener listener : listeners) {
            calls = calls.compose(done -> listener.onRecorded(scope, notifications));
        }
        return calls.onSuccess(done -> scope.afterCommit(() -> publisher.accept(notifications)));
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
