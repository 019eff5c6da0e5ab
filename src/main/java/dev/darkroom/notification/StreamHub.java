package dev.darkroom.notification;

import dev.darkroom.database.Database;
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
public final class StreamHub {
    private static final long AGAIN_MS = 1_000;

    private final Vertx vertx;
    private final Context context;
    private final NotificationStore store;
    private final Arrivals arrivals;
    private final Reader reader;
    private final Badges badges;

    // Only on the context.
    private final Map<String, Feed> feeds = new HashMap<>();
    private final Map<String, List<Feed>> byKey = new HashMap<>();
    /** Counts what was heard of, whoever it was about. */
    private long news;

    public StreamHub(Vertx vertx, Database database) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.store = new NotificationStore(database);
        this.arrivals = new Arrivals(this, store);
        this.reader = new Reader(this, store);
        this.badges = new Badges(this, store);
    }

    /**
     * Somebody listens from now on. Their first frame tells where the stream begins.
     *
     * @param cursor what they know of it, as it came; null when they know nothing
     * @param subscriber the device, whose own cursor counts when there is no {@code cursor}; null when it has no name
     */
    public Subscription open(String user, String cursor, String subscriber, StreamSink sink) {
        Listener listener = new Listener(this, user, sink);
        run(() -> arrivals.add(new Arrivals.Arrival(listener, cursor, subscriber)));
        return listener;
    }

    /** Notifications were recorded by this process. */
    void recorded(List<Notification> notifications) {
        run(() -> {
            news++;
            notifications.forEach(one -> {
                Feed feed = feeds.get(one.userId());
                if (feed != null) {
                    feed.reached(one.seq());
                    look(feed);
                }
            });
        });
    }

    /** Another process says that a user whose key this is was told something; null when it may be anybody. */
    void hinted(String key) {
        run(() -> {
            news++;
            those(key).forEach(feed -> {
                feed.mayHaveMore();
                look(feed);
            });
        });
    }

    /** A user has acknowledged or read something, here. */
    void stateMoved(String user) {
        run(() -> {
            if (feeds.containsKey(user)) {
                badges.add(user);
            }
        });
    }

    /** The same, elsewhere. */
    void stateHinted(String key) {
        run(() -> those(key).forEach(feed -> badges.add(feed.user())));
    }

    private List<Feed> those(String key) {
        return key == null ? List.copyOf(feeds.values()) : byKey.getOrDefault(key, List.of());
    }

    /** Asks how the streams of all who listen stand. Completes on the hub's event loop. */
    Future<Void> lookAtAll() {
        Promise<Void> done = Promise.promise();
        run(() -> {
            if (feeds.isEmpty()) {
                done.complete();
                return;
            }
            store.tops(List.copyOf(feeds.keySet()))
                    .onSuccess(found -> run(() -> found.forEach(this::stands)))
                    .<Void>mapEmpty()
                    .onComplete(done);
        });
        return done.future();
    }

    private void stands(String user, NotificationStore.Standing standing) {
        Feed feed = feeds.get(user);
        if (feed != null) {
            if (feed.stands(standing.epoch(), standing.top())) {
                List.copyOf(feed.listeners()).forEach(Listener::startAnew);
            }
            look(feed);
        }
    }

    // From here on, on the context.

    /** Another number whenever something was heard of. */
    long news() {
        return news;
    }

    void run(Runnable work) {
        context.runOnContext(now -> work.run());
    }

    void runLater(Runnable work) {
        vertx.setTimer(AGAIN_MS, timer -> run(work));
    }

    /** Begins with one whose stream's standing is known. */
    Feed feed(String user, NotificationStore.Standing standing) {
        Feed feed = feeds.computeIfAbsent(user, made -> {
            Feed its = new Feed(user);
            byKey.computeIfAbsent(UserKey.of(user), key -> new ArrayList<>(1)).add(its);
            return its;
        });
        if (feed.stands(standing.epoch(), standing.top())) {
            List.copyOf(feed.listeners()).forEach(Listener::startAnew);
        }
        return feed;
    }

    Feed feed(String user) {
        return feeds.get(user);
    }

    void joined(Listener listener) {
        listener.feed().listeners().add(listener);
    }

    void leave(Listener listener) {
        arrivals.remove(listener);
        Feed feed = listener.feed();
        if (feed == null || !feed.listeners().remove(listener)) {
            return;
        }
        if (feed.listeners().isEmpty()) {
            feeds.remove(feed.user());
            byKey.computeIfPresent(UserKey.of(feed.user()), (key, those) -> {
                those.remove(feed);
                return those.isEmpty() ? null : those;
            });
        }
    }

    /** Reads for a feed if somebody there has room for what comes. */
    void look(Feed feed) {
        reader.look(feed);
    }
}
