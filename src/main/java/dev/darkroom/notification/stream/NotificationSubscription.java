package dev.darkroom.notification.stream;

/** Handle of a subscription to a user's stream. Thread-safe. */
public interface NotificationSubscription {

    /** Reports that all sent frames were written and that the connection accepts more. */
    void markWritable();

    /** Ends the subscription. Further calls have no effect. */
    void close();

    /** Returns the last sequence number of the user known to this process; 0 if there is none. */
    long lastSeq();
}
