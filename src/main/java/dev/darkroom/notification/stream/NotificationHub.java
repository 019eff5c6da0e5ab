package dev.darkroom.notification.stream;

import dev.darkroom.database.Database;
import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationStore;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.List;

/**
 * Sends notifications to the subscribers in this process. Keeps the position of each subscriber and fetches the notifications after it from
 * the database: once for all subscribers of a user, and for many users by one statement. A fetch is triggered by a local or remote
 * announcement, by polling, or by a new subscription. One instance per process. Thread-safe; the state is confined to the context on which
 * the hub was created.
 */
public final class NotificationHub {
    private final HubContext context;
    private final NotificationStore store;

    // Confined to the context.
    private final UserStreamRegistry streams = new UserStreamRegistry();
    private final SubscriptionInitializer initializer;
    private final BatchFetcher fetcher;
    private final UnreadCountPublisher unreadCounts;
    private final NotificationStreamMetrics metrics;

    /** Creates a hub on the current context. */
    public NotificationHub(Vertx vertx, Database database, NotificationStreamMetrics metrics) {
        this.context = new HubContext(vertx, vertx.getOrCreateContext());
        this.store = new NotificationStore(database);
        this.initializer = new SubscriptionInitializer(context, streams, store);
        this.metrics = metrics;
        this.fetcher = new BatchFetcher(context, store, metrics);
        this.unreadCounts = new UnreadCountPublisher(context, streams, store);
    }

    /**
     * Subscribes to the stream of a user. The first frame contains the cursor at which the stream starts.
     *
     * @param cursor text of the client's cursor, not validated; null if the client has none
     * @param subscriber name of the client's device; without {@code cursor} the stream starts after its acknowledged position. Null if it
     *     has no name; without both the stream starts at its current end
     * @param sink receives the frames
     */
    public NotificationSubscription subscribe(
            String user, String cursor, String subscriber, NotificationFrameSink sink) {
        HubSubscription hubSubscription = new HubSubscription(context, fetcher, metrics, this::unsubscribe, user, sink);
        context.run(() ->
                initializer.add(new SubscriptionInitializer.PendingSubscription(hubSubscription, cursor, subscriber)));
        return hubSubscription;
    }

    private void unsubscribe(HubSubscription hubSubscription) {
        initializer.remove(hubSubscription);
        if (hubSubscription.stream() != null) {
            streams.removeSubscriber(hubSubscription.stream(), hubSubscription);
        }
    }

    /** Announces notifications that this process stored. */
    void onRecorded(List<Notification> notifications) {
        context.run(() -> {
            streams.countChange();
            notifications.forEach(notification -> {
                UserStream userStream = streams.find(notification.userId());
                if (userStream != null) {
                    userStream.advanceTo(notification.seq());
                    fetcher.fetchIfNeeded(userStream);
                }
            });
        });
    }

    /**
     * Announces notifications that another process stored.
     *
     * @param notifyKey {@link dev.darkroom.notification.NotifyUserKey} of the user; null if any user may have new ones
     */
    void onRemoteRecorded(String notifyKey) {
        context.run(() -> {
            streams.countChange();
            streams.findByNotifyKey(notifyKey).forEach(userStream -> {
                userStream.markStale();
                fetcher.fetchIfNeeded(userStream);
            });
        });
    }

    /**
     * Announces that a user acknowledged or read notifications.
     *
     * @param notifyKey {@link dev.darkroom.notification.NotifyUserKey} of the user; null if it may be any user
     */
    void onReadStateChanged(String notifyKey) {
        context.run(
                () -> streams.findByNotifyKey(notifyKey).forEach(userStream -> unreadCounts.add(userStream.user())));
    }

    /** Reads the state of all streams with subscribers and fetches new notifications. Completes on the context of the hub. */
    Future<Void> refreshAll() {
        Promise<Void> done = Promise.promise();
        context.run(() -> {
            List<String> users = streams.users();
            if (users.isEmpty()) {
                done.complete();
                return;
            }
            store.findStreams(users)
                    .onSuccess(states -> context.run(() -> states.forEach(this::updateStream)))
                    .<Void>mapEmpty()
                    .onComplete(done);
        });
        return done.future();
    }

    private void updateStream(String user, NotificationStore.StreamState streamState) {
        UserStream userStream = streams.find(user);
        if (userStream != null) {
            userStream.markFoundByPoll(streamState.lastSeq());
            userStream.update(streamState.epoch(), streamState.lastSeq());
            fetcher.fetchIfNeeded(userStream);
        }
    }
}
