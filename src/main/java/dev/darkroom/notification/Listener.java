package dev.darkroom.notification;

import java.util.ArrayList;
import java.util.List;

/** One who listens to a feed, and how far they were told. On the hub's event loop, but for what {@link Subscription} promises. */
final class Listener implements Subscription {
    private final StreamHub hub;
    private final String user;
    private final StreamSink sink;
    /** Null until it is known how the user's stream stands. */
    private volatile Feed feed;

    private long position;
    private boolean ready;
    private Frame state;

    Listener(StreamHub hub, String user, StreamSink sink) {
        this.hub = hub;
        this.user = user;
        this.sink = sink;
    }

    String user() {
        return user;
    }

    Feed feed() {
        return feed;
    }

    /** The number of the last notification that was sent, or that need not be. */
    long position() {
        return position;
    }

    /** Whether what was sent is written, and there is room for more. */
    boolean hasRoom() {
        return ready;
    }

    /** Begins after a number; {@code reset} is null when that is what was asked for. */
    void begin(Feed its, long after, Reset why) {
        feed = its;
        position = after;
        StreamCursor at = its.cursor(after);
        send(List.of(why == null ? Frame.begin(at) : Frame.reset(at, why)));
    }

    /** Sends what comes next of a page; of what is missing in between it is told plainly. */
    void deliver(Page page) {
        if (page.last() <= position && !page.whole()) {
            // They are ahead of those for whom was read.
            return;
        }
        List<Frame> frames = new ArrayList<>();
        long from = position;
        boolean gap = page.whole() && page.last() <= position && position < page.top();
        for (Notification next : page.notifications()) {
            if (next.seq() > position + 1) {
                gap = true;
                break;
            }
            if (next.seq() == position + 1) {
                frames.add(page.frame(next));
                position = next.seq();
            }
        }
        if (gap && position == from) {
            position = feed.top();
            frames.add(Frame.reset(feed.cursor(position), Reset.EXPIRED));
        }
        if (!frames.isEmpty()) {
            send(frames);
        }
    }

    /** The numbers have begun anew. What was told is worth nothing any more. */
    void startAnew() {
        position = feed.top();
        // Whether or not it has read what came before: there is one such frame in the life of a database.
        send(List.of(Frame.reset(feed.cursor(position), Reset.EPOCH)));
    }

    /** Told with the next chance, the latest only. */
    void tell(Frame latest) {
        state = latest;
        flush();
    }

    private void flush() {
        if (ready && state != null) {
            Frame latest = state;
            state = null;
            send(List.of(latest));
        }
    }

    private void send(List<Frame> frames) {
        ready = false;
        sink.send(frames);
    }

    @Override
    public void ready() {
        hub.run(() -> {
            ready = true;
            flush();
            // Nobody else has got room by this: when there is nothing for this one there is no need to look at all
            // others.
            if (ready && feed != null && feed.hasMoreThan(position)) {
                hub.look(feed);
            }
        });
    }

    @Override
    public void close() {
        hub.run(() -> hub.leave(this));
    }

    @Override
    public long top() {
        Feed its = feed;
        return its == null ? 0 : its.top();
    }
}
