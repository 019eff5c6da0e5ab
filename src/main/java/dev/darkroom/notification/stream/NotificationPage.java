package dev.darkroom.notification.stream;

import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationCursor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Notifications of one user from one fetch, delivered to all subscribers of the user. Confined to the context of the hub.
 *
 * @param epoch short epoch of the user's stream
 * @param afterSeq sequence number after which the page starts
 * @param notifications oldest first
 * @param lastKnownSeq last assigned sequence number known when the fetch started
 * @param complete whether there were no notifications after these
 * @param frames cache of {@link #frame}
 */
record NotificationPage(
        String epoch,
        long afterSeq,
        List<Notification> notifications,
        long lastKnownSeq,
        boolean complete,
        Map<Long, NotificationFrame> frames) {

    NotificationPage(
            String epoch, long afterSeq, List<Notification> notifications, long lastKnownSeq, boolean complete) {
        this(epoch, afterSeq, notifications, lastKnownSeq, complete, new HashMap<>());
    }

    /** Returns the sequence number of the last notification; 0 if the page is empty. */
    long lastSeq() {
        return notifications.isEmpty()
                ? 0
                : notifications.get(notifications.size() - 1).seq();
    }

    /** Returns the frame of a notification of this page; all subscribers share it. */
    NotificationFrame frame(Notification notification) {
        return frames.computeIfAbsent(
                notification.seq(),
                seq -> NotificationFrame.notification(new NotificationCursor(epoch, seq), notification));
    }
}
