package dev.darkroom.notification.stream;

/** Receiver of a user's stream, as {@link UserStream} uses it. Call its methods on the context of the hub only. */
interface StreamSubscriber {
    /** Returns whether the subscriber has written everything that it received and accepts more. */
    boolean isReady();

    /** Returns the sequence number of the last notification that was sent or skipped. */
    long position();

    /** Sends the next notifications of a page. */
    void deliver(NotificationPage notificationPage);

    /** Sends an unread state as soon as the subscriber is ready; replaces a pending one. */
    void offerState(NotificationFrame latest);

    /** Sends a reset because the numbering of the stream started again. */
    void resetToNewEpoch();
}
