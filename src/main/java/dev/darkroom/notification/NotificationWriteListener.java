package dev.darkroom.notification;

import io.vertx.core.Future;
import io.vertx.sqlclient.SqlConnection;
import java.util.List;

/** Called inside the transaction in which notifications are recorded. */
@FunctionalInterface
public interface NotificationWriteListener {

    /**
     * Notifications have been written.
     *
     * @param connection in the transaction; use nothing else, and do not commit
     * @param notifications at least one
     * @return what is to be done once they are durable: a hint, since a process that dies in between never does it; it may neither
     *     take long nor throw. A failed future rolls back all of it
     */
    Future<Runnable> onRecorded(SqlConnection connection, List<Notification> notifications);
}
