package dev.darkroom.kafka;

import dev.darkroom.database.TransactionScope;
import dev.darkroom.notification.CloudEventFactory;
import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationWriteListener;
import dev.darkroom.signal.ChangeSignal;
import io.vertx.core.Future;
import io.vertx.sqlclient.Tuple;
import java.util.Comparator;
import java.util.List;

/**
 * Adds an event for each notification to the outbox, in the same transaction, while any process of the installation has a broker. This
 * process need not have one. Thread-safe.
 *
 * @param wakePublisher called after a commit that added events
 */
public record EventEnqueueStore(CloudEventFactory cloudEvents, Runnable wakePublisher)
        implements NotificationWriteListener {
    /** Events were added. */
    public static final ChangeSignal ADDED = new ChangeSignal("events");

    @Override
    public String condition() {
        return EventOutboxSql.IS_ACTIVE;
    }

    @Override
    public Future<Void> onRecorded(TransactionScope scope, List<Notification> notifications) {
        List<Notification> ordered = notifications.stream()
                .sorted(Comparator.comparingLong(Notification::seq))
                .toList();
        return scope.connection()
                .preparedQuery(EventOutboxSql.INSERT_EVENTS)
                .execute(Tuple.tuple()
                        .addArrayOfString(
                                ordered.stream().map(Notification::userId).toArray(String[]::new))
                        .addArrayOfString(ordered.stream().map(this::encode).toArray(String[]::new)))
                .onSuccess(added -> scope.afterCommit(wakePublisher))
                .mapEmpty();
    }

    private String encode(Notification notification) {
        return cloudEvents
                .create(notification)
                .put("partitionkey", notification.userId())
                .encode();
    }
}
