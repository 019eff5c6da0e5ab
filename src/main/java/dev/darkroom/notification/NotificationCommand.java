package dev.darkroom.notification;

import dev.darkroom.eventbus.Command;
import dev.darkroom.notification.NotificationResult.Acknowledgement;
import dev.darkroom.notification.NotificationResult.InboxPage;
import java.util.UUID;

/**
 * Command on {@link NotificationBus#COMMANDS}. It accesses only the notifications of its user, for admins too. Available only inside the
 * process.
 */
public sealed interface NotificationCommand<R extends NotificationResult> extends Command<R> {

    /**
     * Lists the notifications of the user, oldest first.
     *
     * @param cursor position after which the page starts; null to start with the oldest notification
     * @param limit maximum number of notifications, at least 1
     */
    record ListNotifications(String user, NotificationCursor cursor, int limit)
            implements NotificationCommand<InboxPage> {}

    /**
     * Acknowledges all notifications of the user up to {@code seq}.
     *
     * @param seq sequence number, at least 1
     * @param subscriber valid {@link SubscriberName}; null for all devices of the user
     */
    record AcknowledgeNotifications(String user, long seq, String subscriber)
            implements NotificationCommand<Acknowledgement> {}

    /** Marks a notification as read. The result has the time of the first call. */
    record MarkNotificationRead(String user, UUID id) implements NotificationCommand<Notification> {}
}
