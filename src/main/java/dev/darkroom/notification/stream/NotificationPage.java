package dev.darkroom.notification.stream;

import dev.darkroom.notification.Notification;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a read for one user brought, for all who listen to it. On the hub's event loop.
 */
final class NotificationPage {
    private final UserStream stream;
    private final long afterSeq;
    private final List<Notification> notifications;
    private final long lastKnownSeq;
    private final boolean complete;
    private final Map<Long, NotificationFrame> frames = new HashMap<>();

    /**
     * @param after the number after which was read: of what is before it, it says nothing
     * @param notifications the oldest first
     * @param top the last number that had been given out when the read began
     * @param whole whether there was nothing behind these
     */
    NotificationPage(UserStream userStream, long after, List<Notification> notifications, long top, boolean whole) {
        this.stream = userStream;
        this.afterSeq = after;
        this.notifications = notifications;
        this.lastKnownSeq = top;
        this.complete = whole;
    }

    long afterSeq() {
        return afterSeq;
    }

    List<Notification> notifications() {
        return notifications;
    }

    long lastKnownSeq() {
        return lastKnownSeq;
    }

    boolean complete() {
        return complete;
    }

    /** The last number in it, 0 when it is empty. */
    long lastSeq() {
        return notifications.isEmpty()
                ? 0
                : notifications.get(notifications.size() - 1).seq();
    }

    /** The same one for everybody. */
    NotificationFrame frame(Notification notification) {
        return frames.computeIfAbsent(
                notification.seq(), seq -> NotificationFrame.notification(stream.cursorAt(seq), notification));
    }
}
