package dev.darkroom.bridge;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Those who listen, by all bridges of a process together. Thread-safe. */
final class Places {
    private static final Logger LOG = LoggerFactory.getLogger(Places.class);

    private final int most;
    private final AtomicInteger taken = new AtomicInteger();
    private final Set<Session> sessions = ConcurrentHashMap.newKeySet();
    /** A line for each who is turned away would be a line for whoever likes to write them. */
    private final AtomicBoolean complained = new AtomicBoolean();

    private volatile boolean closed;

    Places(int most) {
        this.most = most;
    }

    /** False when there is no room, or when it is late. */
    boolean enter(Session session) {
        if (closed) {
            return false;
        }
        if (taken.incrementAndGet() > most) {
            taken.decrementAndGet();
            if (complained.compareAndSet(false, true)) {
                LOG.atWarn().addKeyValue("maxConnections", most).log("no room for another listener of the event bus");
            }
            return false;
        }
        sessions.add(session);
        if (closed) {
            session.sendAway();
        }
        return true;
    }

    /** Once for each who has entered. */
    void leave(Session session) {
        sessions.remove(session);
        taken.decrementAndGet();
        complained.set(false);
    }

    /** Sends all of them away, and lets nobody in any more. */
    void close() {
        closed = true;
        sessions.forEach(Session::sendAway);
    }
}
