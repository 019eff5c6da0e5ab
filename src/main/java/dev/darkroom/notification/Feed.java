package dev.darkroom.notification;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;

/** The stream of one user in this process, and who listens to it. On the hub's event loop, but for {@link #top}. */
final class Feed {
    private final String user;
    private final List<Listener> listeners = new ArrayList<>(1);
    private String epoch;
    private volatile long top;
    /** There may be more than we know of. */
    private boolean stale;

    private boolean beingRead;

    Feed(String user) {
        this.user = user;
    }

    String user() {
        return user;
    }

    List<Listener> listeners() {
        return listeners;
    }

    /** The last number that is known to have been given out. From any thread. */
    long top() {
        return top;
    }

    String epoch() {
        return epoch;
    }

    StreamCursor cursor(long seq) {
        return new StreamCursor(epoch, seq);
    }

    /** How it stands, by the database. True when the numbers have begun anew. */
    boolean stands(UUID nowEpoch, long nowTop) {
        String its = StreamCursor.shortened(nowEpoch);
        boolean anew = epoch != null && !epoch.equals(its);
        epoch = its;
        top = anew ? nowTop : Math.max(top, nowTop);
        return anew;
    }

    void reached(long seq) {
        top = Math.max(top, seq);
    }

    void mayHaveMore() {
        stale = true;
    }

    boolean beingRead() {
        return beingRead;
    }

    /** Whether there is, or may be, something for one who was told up to here. */
    boolean hasMoreThan(long position) {
        return stale || position < top;
    }

    /** The number after which to read, when somebody has room for what comes. Looks at all who listen, who may be thousands. */
    OptionalLong wanted() {
        return listeners.stream()
                .filter(Listener::hasRoom)
                .mapToLong(Listener::position)
                .filter(this::hasMoreThan)
                .min();
    }

    void readBegins() {
        beingRead = true;
        stale = false;
    }

    void readEnds() {
        beingRead = false;
    }

    /** Hands a page to those who have room. */
    void deliver(Page page) {
        reached(page.last());
        // Whoever is further behind, and has got room since the read began, is read for next.
        List.copyOf(listeners).stream()
                .filter(listener -> listener.hasRoom() && listener.position() >= page.after())
                .forEach(listener -> listener.deliver(page));
    }
}
