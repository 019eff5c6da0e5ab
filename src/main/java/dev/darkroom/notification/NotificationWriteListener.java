package dev.darkroom.notification;

import dev.darkroom.database.TransactionScope;
import io.vertx.core.Future;
import java.util.List;

/** Listener called inside the transaction that stores notifications. */
@FunctionalInterface
public interface NotificationWriteListener {

    /**
     * Reacts to notifications that were inserted but not yet committed.
     *
     * @param notifications at least one
     * @return completes when the listener has written its rows. A failure rolls back the transaction
     */
    Future<Void> onRecorded(TransactionScope scope, List<Notification> notifications);
}
