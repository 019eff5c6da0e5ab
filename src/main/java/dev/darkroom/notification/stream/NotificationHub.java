package dev.darkroom.notification.stream;

import dev.darkroom.database.Database;
import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationStore;
import dev.darkroom.notification.NotifyUserKey;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Who listens in this process, to which user's stream, and up to where each of them was told. One per process; thread-safe, its state
 * lives on an event loop of its own. A hint, a look without one, and a new listener make it read; nothing else does. What it sends
 * is always read from the database, once for all who listen to a user, and for many users at once.
 */
public final class NotificationHub {
    private static final long RETRY_DELAY_MS = 1_000;

    private final Vertx vertx;
    private final Context context;
    private final NotificationStore store;
    private final SubscriptionInitializer initializer;
    private final BatchFetcher fetcher;
    private final UnreadCountPublisher unreadCounts;

    // Only on the context.
    private final Map<String, UserStream> streams = new HashMap<>();
    private final Map<String, List<UserStream>> streamsByNotifyKey = new HashMap<>();
    /** Counts what was heard of, whoever it was about. */
    private long changeCount;

    public NotificationHub(Vertx vertx, Database database) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.store = new NotificationStore(database);
        this.initializer = new SubscriptionInitializer(this, store);
        this.fetcher = new BatchFetcher(this, store);
        this.unreadCounts = new UnreadCountPublisher(this, store);
    }

    /**
     * Somebody listens from now on. Their first frame tells where the stream begins.
     *
     * @param cursor what they know of it, as it came; null when they know nothing
     * @param subscriber the device, whose own cursor counts when there is no {@code cursor}; null when it has no name
     */
    public NotificationSubscription subscribe(
            String user, String cursor, String subscriber, NotificationFrameSink sink) {
        HubSubscription hubSubscription = new HubSubscription(this, user, sink);
        runOnContext(() ->
                initializer.add(new SubscriptionInitializer.PendingSubscription(hubSubscription, cursor, subscriber)));
        return hubSubscription;
    }

    /** Notifications were recorded by this process. */
    void onRecorded(List<Notification> notifications) {
        runOnContext(() -> {
            changeCount++;
            notifications.forEach(one -> {
                UserStream userStream = streams.get(one.userId());
                if (userStream != null) {
                    userStream.advanceTo(one.seq());
                    fetchIfNeeded(userStream);
                }
            });
        });
    }

    /** Another process says that a user whose key this is was told something; null when it may be anybody. */
    void onRemoteRecorded(String key) {
        runOnContext(() -> {
            changeCount++;
            streamsWithKey(key).forEach(userStream -> {
                userStream.markStale();
                fetchIfNeeded(userStream);
            });
        });
    }

    /** A user has acknowledged or read something, here. */
    public void onReadStateChanged(String user) {
        runOnContext(() -> {
            if (streams.containsKey(user)) {
                unreadCounts.add(user);
            }
        });
    }

    /** The same, elsewhere. */
    void onRemoteReadStateChanged(String key) {
        runOnContext(() -> streamsWithKey(key).forEach(userStream -> unreadCounts.add(userStream.user())));
    }

    private List<UserStream> streamsWithKey(String key) {
        return key == null ? List.copyOf(streams.values()) : streamsByNotifyKey.getOrDefault(key, List.of());
    }

    /** Asks how the streams of all who listen stand. Completes on the hub's event loop. */
    Future<Void> refreshAll() {
        Promise<Void> done = Promise.promise();
        runOnContext(() -> {
            if (streams.isEmpty()) {
                done.complete();
                return;
            }
            store.findStreams(List.copyOf(streams.keySet()))
                    .onSuccess(found -> runOnContext(() -> found.forEach(this::updateStream)))
                    .<Void>mapEmpty()
                    .onComplete(done);
        });
        return done.future();
    }

    private void updateStream(String user, NotificationStore.StreamState streamState) {
        UserStream userStream = streams.get(user);
        if (userStream != null) {
            if (userStream.update(streamState.epoch(), streamState.lastSeq())) {
                List.copyOf(userStream.subscriptions()).forEach(HubSubscription::resetToNewEpoch);
            }
            fetchIfNeeded(userStream);
        }
    }

    // From here on, on the context.

    /** Another number whenever something was heard of. */
    long changeCount() {
        return changeCount;
    }

    void runOnContext(Runnable work) {
        context.runOnContext(now -> work.run());
    }

    void retryLater(Runnable work) {
        vertx.setTimer(RETRY_DELAY_MS, timer -> runOnContext(work));
    }

    /** Begins with one whose stream's standing is known. */
    UserStream userStream(String user, NotificationStore.StreamState streamState) {
        UserStream userStream = streams.computeIfAbsent(user, made -> {
            UserStream its = new UserStream(user);
            streamsByNotifyKey
                    .computeIfAbsent(NotifyUserKey.of(user), key -> new ArrayList<>(1))
                    .add(its);
            return its;
        });
        if (userStream.update(streamState.epoch(), streamState.lastSeq())) {
            List.copyOf(userStream.subscriptions()).forEach(HubSubscription::resetToNewEpoch);
        }
        return userStream;
    }

    UserStream userStream(String user) {
        return streams.get(user);
    }

    void attach(HubSubscription hubSubscription) {
        hubSubscription.stream().subscriptions().add(hubSubscription);
    }

    void detach(HubSubscription hubSubscription) {
        initializer.remove(hubSubscription);
        UserStream userStream = hubSubscription.stream();
        if (userStream == null || !userStream.subscriptions().remove(hubSubscription)) {
            return;
        }
        if (userStream.subscriptions().isEmpty()) {
            streams.remove(userStream.user());
            streamsByNotifyKey.computeIfPresent(NotifyUserKey.of(userStream.user()), (key, those) -> {
                those.remove(userStream);
                return those.isEmpty() ? null : those;
            });
        }
    }

    /** Reads for a feed if somebody there has room for what comes. */
    void fetchIfNeeded(UserStream userStream) {
        fetcher.fetchIfNeeded(userStream);
    }
}
