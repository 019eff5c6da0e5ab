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
 * Fetches new notifications: one statement for many users, one result for all subscribers of a user. Limits the number of running
 * statements; users with new notifications in the meantime are batched into the next statement. Confined to the context of the hub.
 */
final class BatchFetcher {
    private static final Logger LOG = LoggerFactory.getLogger(BatchFetcher.class);

    /** Maximum number of notifications per user and statement; further ones are fetched after these were written. */
    static final int PAGE_SIZE = 100;

    private static final int USERS_PER_STATEMENT = 64;
    private static final int MAX_RUNNING_STATEMENTS = 2;

    private final HubContext context;
    private final NotificationStore store;
    private final NotificationStreamMetrics metrics;
    private final Set<UserStream> pending = new LinkedHashSet<>();
    private int running;

    BatchFetcher(HubContext context, NotificationStore store, NotificationStreamMetrics metrics) {
        this.context = context;
        this.store = store;
        this.metrics = metrics;
    }

    /** Schedules a fetch for a stream if a ready subscriber may have notifications to receive and no fetch is running for it. */
    void fetchIfNeeded(UserStream userStream) {
        if (!userStream.fetching() && userStream.nextFetchPosition().isPresent()) {
            pending.add(userStream);
            fetch();
        }
    }

    private void fetch() {
        while (running < MAX_RUNNING_STATEMENTS && !pending.isEmpty()) {
            List<UserStream> batch = new ArrayList<>();
            Map<String, Long> positions = new HashMap<>();
            Iterator<UserStream> next = pending.iterator();
            while (next.hasNext() && batch.size() < USERS_PER_STATEMENT) {
                UserStream userStream = next.next();
                next.remove();
                userStream.nextFetchPosition().ifPresent(position -> {
                    batch.add(userStream);
                    positions.put(userStream.user(), position);
                });
            }
            if (!batch.isEmpty()) {
                fetch(batch, positions);
            }
        }
    }

    private void fetch(List<UserStream> batch, Map<String, Long> positions) {
        running++;
        Map<UserStream, Long> lastKnownSeqs = new HashMap<>();
        batch.forEach(userStream -> {
            userStream.fetchStarted();
            lastKnownSeqs.put(userStream, userStream.lastSeq());
        });
        store.fetchAfter(positions, PAGE_SIZE)
                .onSuccess(found -> context.run(() -> {
                    running--;
                    batch.forEach(userStream -> {
                        List<Notification> notifications = found.getOrDefault(userStream.user(), List.of());
                        metrics.recordFound(notifications.size(), userStream.takeFoundByPoll());
                        userStream.fetchEnded();
                        userStream.deliver(new NotificationPage(
                                userStream.epoch(),
                                positions.get(userStream.user()),
                                notifications,
                                lastKnownSeqs.get(userStream),
                                notifications.size() < PAGE_SIZE));
                        fetchIfNeeded(userStream);
                    });
                    fetch();
                }))
                .onFailure(error -> context.run(() -> {
                    LOG.atWarn()
                            .addKeyValue("reason", error.getMessage())
                            .log("notification fetch failed, retry scheduled");
                    context.runAfterRetryDelay(() -> {
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
