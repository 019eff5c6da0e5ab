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
 * Determines the start position of new subscriptions: a client resumes at its cursor ({@code Last-Event-ID}). Batches the subscriptions
 * that arrive while a query runs, so ten thousand concurrent subscriptions need a few dozen statements. Confined to the context of the hub.
 */
final class SubscriptionInitializer {
    private static final Logger LOG = LoggerFactory.getLogger(SubscriptionInitializer.class);
    private static final int BATCH_SIZE = 500;

    private final HubContext context;
    private final UserStreamRegistry streams;
    private final NotificationStore store;
    private final Set<PendingSubscription> pending = new LinkedHashSet<>();
    private boolean querying;

    SubscriptionInitializer(HubContext context, UserStreamRegistry streams, NotificationStore store) {
        this.context = context;
        this.streams = streams;
        this.store = store;
    }

    /**
     * Subscription without a start position.
     *
     * @param cursor text of the client's cursor, not validated; null if the client sent none
     * @param subscriber name of the client's device; null if it has none
     */
    record PendingSubscription(HubSubscription subscription, String cursor, String subscriber) {

        /** Returns whether the stream starts at the acknowledged position of the subscriber. */
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
        long changeCountBefore = streams.changeCount();
        List<PendingSubscription> batch = pending.stream().limit(BATCH_SIZE).toList();
        List<SubscriberId> subscribers = batch.stream()
                .filter(PendingSubscription::usesSubscriberCursor)
                .map(PendingSubscription::subscriberId)
                .distinct()
                .toList();
        Future<Map<SubscriberId, Long>> cursors =
                subscribers.isEmpty() ? Future.succeededFuture(Map.of()) : store.findSubscriberCursors(subscribers);
        cursors.compose(ackedSeqs -> store.findOrCreateStreams(users(batch))
                        .onSuccess(states -> context.run(() -> {
                            querying = false;
                            boolean changed = changeCountBefore != streams.changeCount();
                            batch.forEach(pendingSubscription -> initialize(
                                    pendingSubscription,
                                    states.get(
                                            pendingSubscription.subscription().user()),
                                    ackedSeqs,
                                    changed));
                            queryNext();
                        })))
                .onFailure(error -> context.run(() -> {
                    LOG.atWarn()
                            .addKeyValue("reason", error.getMessage())
                            .addKeyValue("waiting", pending.size())
                            .log("subscription initialization failed, retry scheduled");
                    context.runAfterRetryDelay(() -> {
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
     * Starts a subscription, unless it was closed in the meantime.
     *
     * @param streamState null if another transaction created the stream concurrently; the subscription then stays pending
     * @param ackedSeqs acknowledged sequence numbers of the subscribers that have any
     * @param changed whether new notifications were announced since the query started; the user may have some
     */
    private void initialize(
            PendingSubscription pendingSubscription,
            StreamState streamState,
            Map<SubscriberId, Long> ackedSeqs,
            boolean changed) {
        if (streamState == null || !pending.remove(pendingSubscription)) {
            return;
        }
        HubSubscription hubSubscription = pendingSubscription.subscription();
        UserStream userStream = streams.findOrCreate(hubSubscription.user(), streamState);
        if (pendingSubscription.cursor() != null) {
            Optional<NotificationCursor> cursor = NotificationCursor.parse(pendingSubscription.cursor());
            StreamResetReason resetReason = cursor.isEmpty()
                    ? StreamResetReason.MALFORMED
                    : cursor.get()
                            .findResetReason(userStream.epoch(), userStream.lastSeq())
                            .orElse(null);
            hubSubscription.start(
                    userStream, resetReason == null ? cursor.orElseThrow().seq() : userStream.lastSeq(), resetReason);
        } else {
            long afterSeq = pendingSubscription.usesSubscriberCursor()
                    ? ackedSeqs.getOrDefault(pendingSubscription.subscriberId(), 0L)
                    : userStream.lastSeq();
            hubSubscription.start(userStream, afterSeq, null);
        }
        userStream.subscribers().add(hubSubscription);
        if (changed) {
            userStream.markStale();
        }
    }
}
