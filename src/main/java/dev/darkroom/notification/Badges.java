package dev.darkroom.notification;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a user's devices what was acknowledged and read on another. Only the latest matters: what moves while the database is asked is
 * asked for once, and what could not be asked is not told until something moves again. On the hub's event loop.
 */
final class Badges {
    private static final Logger LOG = LoggerFactory.getLogger(Badges.class);

    private final StreamHub hub;
    private final NotificationStore store;
    private final Set<String> moved = new HashSet<>();
    private boolean asking;

    Badges(StreamHub hub, NotificationStore store) {
        this.hub = hub;
        this.store = store;
    }

    void add(String user) {
        moved.add(user);
        ask();
    }

    private void ask() {
        if (asking || moved.isEmpty()) {
            return;
        }
        asking = true;
        List<String> users = List.copyOf(moved);
        moved.clear();
        store.states(users)
                .onSuccess(states -> hub.run(() -> states.forEach((user, state) -> {
                    Feed feed = hub.feed(user);
                    if (feed != null) {
                        Frame frame = Frame.state(state);
                        feed.listeners().forEach(listener -> listener.tell(frame));
                    }
                })))
                .onFailure(error ->
                        LOG.atDebug().addKeyValue("reason", error.getMessage()).log("could not look what badges show"))
                .onComplete(done -> hub.run(() -> {
                    asking = false;
                    ask();
                }));
    }
}
