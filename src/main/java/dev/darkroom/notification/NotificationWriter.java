package dev.darkroom.notification;

import dev.darkroom.database.TransactionScope;
import dev.darkroom.generation.FinishedGeneration;
import dev.darkroom.generation.GenerationFinishListener;
import dev.darkroom.generation.GenerationStatus;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Stores notifications in the transaction of the event that they report. So every finished generation has exactly one notification.
 * Thread-safe.
 */
public final class NotificationWriter implements GenerationFinishListener {
    /** Column of the condition of the first listener. */
    private static final int LISTENER_COLUMN = 3;

    private final List<NotificationWriteListener> listeners;
    private final Consumer<List<Notification>> publisher;
    private final String insertSql;

    /**
     * @param listeners called inside the transaction, in this order
     * @param publisher receives the notifications after the commit
     */
    public NotificationWriter(List<NotificationWriteListener> listeners, Consumer<List<Notification>> publisher) {
        this.listeners = List.copyOf(listeners);
        this.publisher = publisher;
        this.insertSql = NotificationSql.INSERT_NOTIFICATIONS.formatted(this.listeners.stream()
                .map(listener -> ", (" + listener.condition() + ")")
                .collect(Collectors.joining()));
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
        return scope.connection()
                .preparedQuery(insertSql)
                .execute(toParameters(notifications))
                .compose(rows -> {
                    Notification[] stored = new Notification[notifications.size()];
                    List<List<Notification>> received = listeners.stream()
                            .map(each -> (List<Notification>) new ArrayList<Notification>())
                            .toList();
                    for (Row row : rows) {
                        int index = row.getInteger(0) - 1;
                        stored[index] = notifications.get(index).toStored(row.getLong(1), row.getOffsetDateTime(2));
                        for (int i = 0; i < received.size(); i++) {
                            if (row.getBoolean(LISTENER_COLUMN + i)) {
                                received.get(i).add(stored[index]);
                            }
                        }
                    }
                    return callListeners(scope, received)
                            .onSuccess(done -> scope.afterCommit(() -> publisher.accept(List.of(stored))));
                });
    }

    private static Tuple toParameters(List<NewNotification> notifications) {
        return Tuple.of(
                notifications.stream().map(NewNotification::id).toArray(UUID[]::new),
                notifications.stream().map(NewNotification::userId).toArray(String[]::new),
                notifications.stream().map(NewNotification::type).toArray(String[]::new),
                notifications.stream().map(NewNotification::generationId).toArray(UUID[]::new),
                notifications.stream().map(each -> each.data().encode()).toArray(String[]::new));
    }

    private Future<Void> callListeners(TransactionScope scope, List<List<Notification>> received) {
        Future<Void> calls = Future.succeededFuture();
        for (int i = 0; i < listeners.size(); i++) {
            NotificationWriteListener listener = listeners.get(i);
            List<Notification> notifications = received.get(i);
            if (!notifications.isEmpty()) {
                calls = calls.compose(done -> listener.onRecorded(scope, notifications));
            }
        }
        return calls;
    }

    private static NewNotification toNotification(FinishedGeneration generation) {
        JsonObject data = new JsonObject()
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
