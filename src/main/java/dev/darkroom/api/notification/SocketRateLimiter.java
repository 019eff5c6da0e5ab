package dev.darkroom.api.notification;

/** Limits the frames and messages that a client sends on one WebSocket. Confined to the event loop of its connection. */
final class SocketRateLimiter {
    private static final int MAX_MESSAGES_PER_SECOND = 10;

    /** Counts frames of all kinds: continuation frames, pings and pongs too. */
    private static final int MAX_FRAMES_PER_SECOND = 20;

    private int messagesThisSecond;
    private int framesThisSecond;

    /** Counts a received frame, and returns whether it is within the limit. */
    boolean allowsFrame() {
        framesThisSecond++;
        return framesThisSecond <= MAX_FRAMES_PER_SECOND;
    }

    /** Counts a received message, and returns whether it is within the limit. */
    boolean allowsMessage() {
        messagesThisSecond++;
        return messagesThisSecond <= MAX_MESSAGES_PER_SECOND;
    }

    /** Resets the counts. Called every second. */
    void reset() {
        messagesThisSecond = 0;
        framesThisSecond = 0;
    }
}
