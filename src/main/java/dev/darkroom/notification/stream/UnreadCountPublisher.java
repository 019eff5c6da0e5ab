package dev.darkroom.notification.stream;

import dev.darkroom.notification.NotificationStore;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the unread count to the subscribers of a user after an acknowledgement or a read notification. Merges changes that arrive while a
 * query runs, because only the latest state matters. Does not retry a failed query; the next change of the user repeats it. Confined to
 * the context of the hub.
 */
final class UnreadCountPublisher {
    private static final Logger LOG = LoggerFactory.getLogger(UnreadCountPublisher.class);

    private final HubContext context;
    private final UserStreamRegistry streams;
    private final NotificationStore store;
    private final Set<String> changedUsers = new HashSet<>();
    private boolean querying;

    UnreadCountPublisher(HubContext context, UserStreamRegistry streams, NotificationStore store) {
        this.context = context;
        this.streams = streams;
        this.store = store;
    }

    /** Schedules a query of the user's unread state. */
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
                .onSuccess(states -> context.run(() -> states.forEach(this::publish)))
                .onFailure(error ->
                        LOG.atDebug().addKeyValue("reason", error.getMessage()).log("unread state query failed"))
                .onComplete(done -> context.run(() -> {
                    querying = false;
                    queryNext();
                }));
    }

    private void publish(String user, NotificationStore.UnreadState unreadState) {
        UserStream userStream = streams.find(user);
        if (userStream != null) {
            NotificationFrame frame = NotificationFrame.unreadState(unreadState);
            userStream.subscribers().forEach(subscriber -> subscriber.offerState(frame));
        }
    }
}
