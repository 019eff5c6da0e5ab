package dev.darkroom.notification.stream;

import dev.darkroom.notification.NotificationCursor;
import dev.darkroom.notification.NotificationStore;
import dev.darkroom.notification.NotificationStore.StreamState;
import dev.darkroom.notification.NotificationStore.SubscriberId;
import dev.darkroom.notification.StreamResetReason;
import io.vertx.core.Future;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Those who have come to listen, and of whom it is to be found out where they begin. All who come while the database is asked for
 * others are asked for together: a storm of ten thousand costs a few dozen statements. On the hub's event loop.
 */
final class SubscriptionInitializer {
    private static final Logger LOG = LoggerFactory.getLogger(SubscriptionInitializer.class);
    private static final int BATCH_SIZE = 500;

    private final NotificationHub hub;
    private final NotificationStore store;
    private final Set<PendingSubscription> pending = new LinkedHashSet<>();
    private boolean querying;

    SubscriptionInitializer(NotificationHub hub, NotificationStore store) {
        this.hub = hub;
        this.store = store;
    }

    /** Somebody, what they know of the stream, and what their device is called; these two may be null. */
    record PendingSubscription(HubSubscription subscription, String cursor, String subscriber) {

        /** Whether it is its device's own cursor that counts. */
        boolean usesSubscriberCursor() {
            return cursor == null && subscriber != null;
        }

        SubscriberId subscriberId() {
            return new SubscriberId(subscription.user(), subscriber);
        }
    }

    void add(PendingSubscription pendingSubscription) {
        pending.add(pendingSubscription);
        queryNext();
    }

    void remove(HubSubscription hubSubscription) {
        pending.removeIf(pendingSubscription -> pendingSubscription.subscription() == hubSubscription);
    }

    private void queryNext() {
        if (querying || pending.isEmpty()) {
            return;
        }
        querying = true;
        long since = hub.changeCount();
        List<PendingSubscription> batch = pending.stream().limit(BATCH_SIZE).toList();
        List<SubscriberId> devices = batch.stream()
                .filter(PendingSubscription::usesSubscriberCursor)
                .map(PendingSubscription::subscriberId)
                .distinct()
                .toList();
        Future<Map<SubscriberId, Long>> cursors =
                devices.isEmpty() ? Future.succeededFuture(Map.of()) : store.findSubscriberCursors(devices);
        cursors.compose(known -> store.findOrCreateStreams(users(batch))
                        .onSuccess(found -> hub.runOnContext(() -> {
                            querying = false;
                            boolean moved = since != hub.changeCount();
                            batch.forEach(pendingSubscription -> initialize(
                                    pendingSubscription,
                                    found.get(pendingSubscription.subscription().user()),
                                    known,
                                    moved));
                            queryNext();
                        })))
                .onFailure(error -> hub.runOnContext(() -> {
                    LOG.atWarn()
                            .addKeyValue("reason", error.getMessage())
                            .addKeyValue("waiting", pending.size())
                            .log("could not look where those who listen begin, trying again");
                    hub.retryLater(() -> {
                        querying = false;
                        queryNext();
                    });
                }));
    }

    private static List<String> users(List<PendingSubscription> batch) {
        return batch.stream()
                .map(pendingSubscription -> pendingSubscription.subscription().user())
                .distinct()
                .toList();
    }

    /**
     * @param streamState null when another made the user's row at the same moment, so that it has to be asked again
     * @param moved whether the user may have been told something since
     */
    private void initialize(
            PendingSubscription pendingSubscription,
            StreamState streamState,
            Map<SubscriberId, Long> known,
            boolean moved) {
        // Not there any more: it has left meanwhile.
        if (streamState == null || !pending.remove(pendingSubscription)) {
            return;
        }
        HubSubscription hubSubscription = pendingSubscription.subscription();
        UserStream userStream = hub.userStream(hubSubscription.user(), streamState);
        if (pendingSubscription.cursor() != null) {
            Optional<NotificationCursor> cursor = NotificationCursor.parse(pendingSubscription.cursor());
            StreamResetReason why = cursor.isEmpty()
                    ? StreamResetReason.UNREADABLE
                    : cursor.get()
                            .findResetReason(userStream.epoch(), userStream.lastSeq())
                            .orElse(null);
            hubSubscription.start(userStream, why == null ? cursor.orElseThrow().seq() : userStream.lastSeq(), why);
        } else {
            long from = pendingSubscription.usesSubscriberCursor()
                    ? known.getOrDefault(pendingSubscription.subscriberId(), 0L)
                    : userStream.lastSeq();
            hubSubscription.start(userStream, from, null);
        }
        hub.attach(hubSubscription);
        if (moved) {
            userStream.markStale();
        }
    }
}
