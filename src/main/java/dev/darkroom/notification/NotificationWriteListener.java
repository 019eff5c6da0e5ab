package dev.darkroom.notification;

import io.vertx.core.Future;
import io.vertx.sqlclient.SqlConnection;
import java.util.List;

/** Listener called inside the transaction that stores notifications. */
@FunctionalInterface
public interface NotificationWriteListener {

    /**
     * Reacts to notifications that were inserted but not yet committed.
     *
     * @param connection connection of the transaction; use no other and do not commit
     * @param notifications at least one
     * @return action to run after the commit; it must neither block nor throw, and may be lost if the process stops before. A failed
     *     future rolls back the transaction
     */
    Future<Runnable> onRecorded(SqlConnection connection, List<Notification> notifications);
}
