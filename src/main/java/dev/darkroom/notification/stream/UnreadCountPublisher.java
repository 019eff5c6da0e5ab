package dev.darkroom.notification.stream;

import dev.darkroom.notification.NotificationStore;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a user's devices what was acknowledged and read on another. Only the latest matters: what moves while the database is asked is
 * asked for once, and what could not be asked is not told until something moves again. On the hub's event loop.
 */
final class UnreadCountPublisher {
    private static final Logger LOG = LoggerFactory.getLogger(UnreadCountPublisher.class);

    private final NotificationHub hub;
    private final NotificationStore store;
    private final Set<String> changedUsers = new HashSet<>();
    private boolean querying;

    UnreadCountPublisher(NotificationHub hub, NotificationStore store) {
        this.hub = hub;
        this.store = store;
    }

    void add(String user) {
        changedUsers.add(user);
        queryNext();
    }

    private void queryNext() {
        if (querying || changedUsers.isEmpty()) {
            return;
        }
        querying = true;
        List<String> users = List.copyOf(changedUsers);
        changedUsers.clear();
        store.findUnreadStates(users)
                .onSuccess(states -> hub.runOnContext(() -> states.forEach((user, unreadState) -> {
                    UserStream userStream = hub.userStream(user);
                    if (userStream != null) {
                        NotificationFrame notificationFrame = NotificationFrame.unreadState(unreadState);
                        userStream
                                .subscriptions()
                                .forEach(hubSubscription -> hubSubscription.offerState(notificationFrame));
                    }
                })))
                .onFailure(error ->
                        LOG.atDebug().addKeyValue("reason", error.getMessage()).log("could not look what badges show"))
                .onComplete(done -> hub.runOnContext(() -> {
                    querying = false;
                    queryNext();
                }));
    }
}
