package dev.darkroom.notification.stream;

import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationCursor;
import dev.darkroom.notification.StreamResetReason;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Subscription of one connection to a user's stream, with its position. Confined to the context of the hub, except the methods of
 * {@link NotificationSubscription}.
 */
final class HubSubscription implements NotificationSubscription, StreamSubscriber {
    private final HubContext context;
    private final BatchFetcher fetcher;
    private final NotificationStreamMetrics metrics;
    private final long subscribedAt = System.nanoTime();
    private final Consumer<HubSubscription> closeHandler;
    private final String user;
    private final NotificationFrameSink sink;
    /** Null until the state of the user's stream was read. */
    private volatile UserStream stream;

    /** Creation of the oldest notification of the last frames that was created after the start; null without one. */
    private volatile OffsetDateTime unwrittenSince;

    private long position;
    /** Last sequence number at the start. Later notifications are new for the client. */
    private long startSeq;

    private boolean ready;
    private NotificationFrame pendingState;

    /** @param closeHandler called on the context of the hub each time the subscription is closed */
    HubSubscription(
            HubContext context,
            BatchFetcher fetcher,
            NotificationStreamMetrics metrics,
            Consumer<HubSubscription> closeHandler,
            String user,
            NotificationFrameSink sink) {
        this.context = context;
        this.fetcher = fetcher;
        this.metrics = metrics;
        this.closeHandler = closeHandler;
        this.user = user;
        this.sink = sink;
    }

    String user() {
        return user;
    }

    /** Null before {@link #start}. */
    UserStream stream() {
        return stream;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public boolean isReady() {
        return ready;
    }

    /**
     * Starts the stream and sends its first frame.
     *
     * @param afterSeq sequence number after which the stream starts
     * @param resetReason why the stream cannot resume from the client's cursor; null if it can, or if there was no cursor
     */
    void start(UserStream userStream, long afterSeq, StreamResetReason resetReason) {
        stream = userStream;
        position = afterSeq;
        startSeq = userStream.lastSeq();
        metrics.recordOpened(Duration.ofNanos(System.nanoTime() - subscribedAt));
        NotificationCursor cursor = userStream.cursorAt(afterSeq);
        send(List.of(
                resetReason == null
                        ? NotificationFrame.initial(cursor)
                        : NotificationFrame.reset(cursor, resetReason)));
    }

    /** Sends the notifications after the position, up to the first gap. Sends a reset if the gap directly follows the position. */
    @Override
    public void deliver(NotificationPage notificationPage) {
        if (notificationPage.lastSeq() <= position && !notificationPage.complete()) {
            // The page was fetched for subscribers at an earlier position.
            return;
        }
        List<NotificationFrame> frames = new ArrayList<>();
        long start = position;
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
                if (position > startSeq && unwrittenSince == null) {
                    unwrittenSince = next.createdAt();
                }
            }
        }
        if (gap && position == start) {
            position = stream.lastSeq();
            frames.add(NotificationFrame.reset(stream.cursorAt(position), StreamResetReason.EXPIRED));
        }
        if (!frames.isEmpty()) {
            send(frames);
        }
    }

    @Override
    public void resetToNewEpoch() {
        position = stream.lastSeq();
        // Send even if the connection is not ready; a new epoch is rare, so this cannot accumulate memory.
        send(List.of(NotificationFrame.reset(stream.cursorAt(position), StreamResetReason.EPOCH_CHANGED)));
    }

    @Override
    public void offerState(NotificationFrame latest) {
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
        OffsetDateTime written = unwrittenSince;
        if (written != null) {
            unwrittenSince = null;
            metrics.recordDelivered(written);
        }
        context.run(() -> {
            ready = true;
            flush();
            // Check this subscription first: fetchIfNeeded iterates over all subscribers of the user.
            if (ready && stream != null && stream.mayHaveAfter(position)) {
                fetcher.fetchIfNeeded(stream);
            }
        });
    }

    @Override
    public void close() {
        context.run(() -> closeHandler.accept(this));
    }

    @Override
    public long lastSeq() {
        UserStream current = stream;
        return current == null ? 0 : current.lastSeq();
    }
}
