package dev.darkroom.notification.stream;

import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationStore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads what is new, for many users by one statement, and for all who listen to a user at once. Few statements are under way at any
 * time, however many users have something new: who waits meanwhile is read for together. On the hub's event loop.
 */
final class BatchFetcher {
    private static final Logger LOG = LoggerFactory.getLogger(BatchFetcher.class);

    /** Of one user; whoever missed more is read for again when that is written. */
    static final int PAGE_SIZE = 100;

    private static final int USERS_PER_STATEMENT = 64;
    private static final int MAX_RUNNING_STATEMENTS = 2;

    private final NotificationHub hub;
    private final NotificationStore store;
    private final Set<UserStream> pending = new LinkedHashSet<>();
    private int running;

    BatchFetcher(NotificationHub hub, NotificationStore store) {
        this.hub = hub;
        this.store = store;
    }

    /** Reads for a feed if somebody there has room for what comes. */
    void fetchIfNeeded(UserStream userStream) {
        if (!userStream.fetching() && userStream.nextFetchPosition().isPresent()) {
            pending.add(userStream);
            fetch();
        }
    }

    private void fetch() {
        while (running < MAX_RUNNING_STATEMENTS && !pending.isEmpty()) {
            List<UserStream> batch = new ArrayList<>();
            Map<String, Long> wanted = new HashMap<>();
            Iterator<UserStream> next = pending.iterator();
            while (next.hasNext() && batch.size() < USERS_PER_STATEMENT) {
                UserStream userStream = next.next();
                next.remove();
                userStream.nextFetchPosition().ifPresent(after -> {
                    batch.add(userStream);
                    wanted.put(userStream.user(), after);
                });
            }
            if (!batch.isEmpty()) {
                fetch(batch, wanted);
            }
        }
    }

    private void fetch(List<UserStream> batch, Map<String, Long> wanted) {
        running++;
        Map<UserStream, Long> tops = new HashMap<>();
        batch.forEach(userStream -> {
            userStream.fetchStarted();
            tops.put(userStream, userStream.lastSeq());
        });
        store.fetchAfter(wanted, PAGE_SIZE)
                .onSuccess(found -> hub.runOnContext(() -> {
                    running--;
                    batch.forEach(userStream -> {
                        List<Notification> its = found.getOrDefault(userStream.user(), List.of());
                        userStream.fetchEnded();
                        userStream.deliver(new NotificationPage(
                                userStream,
                                wanted.get(userStream.user()),
                                its,
                                tops.get(userStream),
                                its.size() < PAGE_SIZE));
                        fetchIfNeeded(userStream);
                    });
                    fetch();
                }))
                .onFailure(error -> hub.runOnContext(() -> {
                    LOG.atWarn()
                            .addKeyValue("reason", error.getMessage())
                            .log("could not read notifications, trying again");
                    hub.retryLater(() -> {
                        running--;
                        batch.forEach(userStream -> {
                            userStream.fetchEnded();
                            userStream.markStale();
                            fetchIfNeeded(userStream);
                        });
                        fetch();
                    });
                }));
    }
}
