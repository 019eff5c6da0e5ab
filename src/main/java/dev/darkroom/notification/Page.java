package dev.darkroom.notification;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a read for one user brought, for all who listen to it. On the hub's event loop.
 */
final class Page {
    private final Feed feed;
    private final long after;
    private final List<Notification> notifications;
    private final long top;
    private final boolean whole;
    private final Map<Long, Frame> frames = new HashMap<>();

    /**
     * @param after the number after which was read: of what is before it, it says nothing
     * @param notifications the oldest first
     * @param top the last number that had been given out when the read began
     * @param whole whether there was nothing behind these
     */
    Page(Feed feed, long after, List<Notification> notifications, long top, boolean whole) {
        this.feed = feed;
        this.after = after;
        this.notifications = notifications;
        this.top = top;
        this.whole = whole;
    }

    long after() {
        return after;
    }

    List<Notification> notifications() {
        return notifications;
    }

    long top() {
        return top;
    }

    boolean whole() {
        return whole;
    }

    /** The last number in it, 0 when it is empty. */
    long last() {
        return notifications.isEmpty()
                ? 0
                : notifications.get(notifications.size() - 1).seq();
    }

    /** The same one for everybody. */
    Frame frame(Notification notification) {
        return frames.computeIfAbsent(notification.seq(), seq -> Frame.notification(feed.cursor(seq), notification));
    }
}
