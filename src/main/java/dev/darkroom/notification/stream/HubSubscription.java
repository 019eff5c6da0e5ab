package dev.darkroom.notification.stream;

import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationCursor;
import dev.darkroom.notification.StreamResetReason;
import java.util.ArrayList;
import java.util.List;

/** One who listens to a feed, and how far they were told. On the hub's event loop, but for what {@link NotificationSubscription} promises. */
final class HubSubscription implements NotificationSubscription {
    private final NotificationHub hub;
    private final String user;
    private final NotificationFrameSink sink;
    /** Null until it is known how the user's stream stands. */
    private volatile UserStream stream;

    private long position;
    private boolean ready;
    private NotificationFrame pendingState;

    HubSubscription(NotificationHub hub, String user, NotificationFrameSink sink) {
        this.hub = hub;
        this.user = user;
        this.sink = sink;
    }

    String user() {
        return user;
    }

    UserStream stream() {
        return stream;
    }

    /** The number of the last notification that was sent, or that need not be. */
    long position() {
        return position;
    }

    /** Whether what was sent is written, and there is room for more. */
    boolean isReady() {
        return ready;
    }

    /** Begins after a number; {@code reset} is null when that is what was asked for. */
    void start(UserStream its, long after, StreamResetReason why) {
        stream = its;
        position = after;
        NotificationCursor at = its.cursorAt(after);
        send(List.of(why == null ? NotificationFrame.initial(at) : NotificationFrame.reset(at, why)));
    }

    /** Sends what comes next of a page; of what is missing in between it is told plainly. */
    void deliver(NotificationPage notificationPage) {
        if (notificationPage.lastSeq() <= position && !notificationPage.complete()) {
            // They are ahead of those for whom was read.
            return;
        }
        List<NotificationFrame> frames = new ArrayList<>();
        long from = position;
        boolean gap = notificationPage.complete()
                && notificationPage.lastSeq() <= position
                && position < notificationPage.lastKnownSeq();
        for (Notification next : notificationPage.notifications()) {
            if (next.seq() > position + 1) {
                gap = true;
                break;
            }
            if (next.seq() == position + 1) {
                frames.add(notificationPage.frame(next));
                position = next.seq();
            }
        }
        if (gap && position == from) {
            position = stream.lastSeq();
            frames.add(NotificationFrame.reset(stream.cursorAt(position), StreamResetReason.EXPIRED));
        }
        if (!frames.isEmpty()) {
            send(frames);
        }
    }

    /** The numbers have begun anew. What was told is worth nothing any more. */
    void resetToNewEpoch() {
        position = stream.lastSeq();
        // Whether or not it has read what came before: there is one such frame in the life of a database.
        send(List.of(NotificationFrame.reset(stream.cursorAt(position), StreamResetReason.EPOCH)));
    }

    /** Told with the next chance, the latest only. */
    void offerState(NotificationFrame latest) {
        pendingState = latest;
        flush();
    }

    private void flush() {
        if (ready && pendingState != null) {
            NotificationFrame latest = pendingState;
            pendingState = null;
            send(List.of(latest));
        }
    }

    private void send(List<NotificationFrame> frames) {
        ready = false;
        sink.send(frames);
    }

    @Override
    public void markWritable() {
        hub.runOnContext(() -> {
            ready = true;
            flush();
            // Nobody else has got room by this: when there is nothing for this one there is no need to look at all
            // others.
            if (ready && stream != null && stream.mayHaveAfter(position)) {
                hub.fetchIfNeeded(stream);
            }
        });
    }

    @Override
    public void close() {
        hub.runOnContext(() -> hub.detach(this));
    }

    @Override
    public long lastSeq() {
        UserStream its = stream;
        return its == null ? 0 : its.lastSeq();
    }
}
