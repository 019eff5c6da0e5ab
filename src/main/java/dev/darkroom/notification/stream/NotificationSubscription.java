package dev.darkroom.notification.stream;

/** What somebody who listens has of the hub. Thread-safe. */
public interface NotificationSubscription {

    /** What was sent is written and there is room for more. */
    void markWritable();

    /** Nobody listens any more. More than once does no harm. */
    void close();

    /** The number of the user's last notification, as far as this process knows. 0 when there is none. */
    long lastSeq();
}
