package dev.darkroom.notification;

import dev.darkroom.database.TransactionScope;
import io.vertx.core.Future;
import java.util.List;

/** Listener called inside the transaction that stores notifications. */
@FunctionalInterface
public interface NotificationWriteListener {

    /**
     * Returns the SQL condition of the notifications that the listener receives. The statement that inserts the notifications evaluates
     * it, so that no further statement is needed if none meets it.
     *
     * @return condition on the columns {@code user_id}, {@code type} and {@code generation_id} of {@code n}
     */
    default String condition() {
        return "true";
    }

    /**
     * Reacts to notifications that were inserted but not yet committed.
     *
     * @param notifications those that meet the condition, at least one
     * @return completes when the listener has written its rows. A failure rolls back the transaction
     */
    Future<Void> onRecorded(TransactionScope scope, List<Notification> notifications);
}
