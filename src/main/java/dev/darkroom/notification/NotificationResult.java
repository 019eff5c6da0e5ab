package dev.darkroom.notification;

import java.util.List;

/** Result of a {@link NotificationCommand}. Immutable. */
public sealed interface NotificationResult
        permits Notification, NotificationResult.InboxPage, NotificationResult.Acknowledgement {

    /**
     * Page of a user's inbox.
     *
     * @param items oldest first
     * @param position position after the page, from which a client can request newer notifications
     * @param hasMore whether {@code position} is also the cursor of a next page
     * @param unreadCount number of unread notifications among the latest 1000
     * @param reset why the page starts at the oldest notification instead of the cursor; null if it does not
     */
    record InboxPage(
            List<Notification> items,
            NotificationCursor position,
            boolean hasMore,
            long unreadCount,
            StreamResetReason reset)
            implements NotificationResult {
        public InboxPage {
            items = List.copyOf(items);
        }
    }

    /**
     * State after an acknowledgement.
     *
     * @param ackedSeq acknowledged sequence number of the subscriber if the command named one, else of the user
     * @param lastSeq last assigned sequence number of the user
     * @param unreadCount number of unread notifications among the latest 1000
     */
    record Acknowledgement(long ackedSeq, long lastSeq, long unreadCount) implements NotificationResult {}
}
