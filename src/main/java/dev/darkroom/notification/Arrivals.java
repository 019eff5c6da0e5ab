package dev.darkroom.notification;

import dev.darkroom.notification.NotificationStore.Device;
import dev.darkroom.notification.NotificationStore.Standing;
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
final class Arrivals {
    private static final Logger LOG = LoggerFactory.getLogger(Arrivals.class);
    private static final int BATCH = 500;

    private final StreamHub hub;
    private final NotificationStore store;
    private final Set<Arrival> waiting = new LinkedHashSet<>();
    private boolean asking;

    Arrivals(StreamHub hub, NotificationStore store) {
        this.hub = hub;
        this.store = store;
    }

    /** Somebody, what they know of the stream, and what their device is called; these two may be null. */
    record Arrival(Listener listener, String cursor, String subscriber) {

        /** Whether it is its device's own cursor that counts. */
        boolean byDevice() {
            return cursor == null && subscriber != null;
        }

        Device device() {
            return new Device(listener.user(), subscriber);
        }
    }

    void add(Arrival arrival) {
        waiting.add(arrival);
        ask();
    }

    void remove(Listener listener) {
        waiting.removeIf(arrival -> arrival.listener() == listener);
    }

    private void ask() {
        if (asking || waiting.isEmpty()) {
            return;
        }
        asking = true;
        long since = hub.news();
        List<Arrival> batch = waiting.stream().limit(BATCH).toList();
        List<Device> devices = batch.stream()
                .filter(Arrival::byDevice)
                .map(Arrival::device)
                .distinct()
                .toList();
        Future<Map<Device, Long>> cursors =
                devices.isEmpty() ? Future.succeededFuture(Map.of()) : store.cursors(devices);
        cursors.compose(known -> store.open(users(batch))
                        .onSuccess(found -> hub.run(() -> {
                            asking = false;
                            boolean moved = since != hub.news();
                            batch.forEach(arrival ->
                                    settle(arrival, found.get(arrival.listener().user()), known, moved));
                            ask();
                        })))
                .onFailure(error -> hub.run(() -> {
                    LOG.atWarn()
                            .addKeyValue("reason", error.getMessage())
                            .addKeyValue("waiting", waiting.size())
                            .log("could not look where those who listen begin, trying again");
                    hub.runLater(() -> {
                        asking = false;
                        ask();
                    });
                }));
    }

    private static List<String> users(List<Arrival> batch) {
        return batch.stream()
                .map(arrival -> arrival.listener().user())
                .distinct()
                .toList();
    }

    /**
     * @param standing null when another made the user's row at the same moment, so that it has to be asked again
     * @param moved whether the user may have been told something since
     */
    private void settle(Arrival arrival, Standing standing, Map<Device, Long> known, boolean moved) {
        // Not there any more: it has left meanwhile.
        if (standing == null || !waiting.remove(arrival)) {
            return;
        }
        Listener listener = arrival.listener();
        Feed feed = hub.feed(listener.user(), standing);
        if (arrival.cursor() != null) {
            Optional<StreamCursor> cursor = StreamCursor.parse(arrival.cursor());
            Reset why = cursor.isEmpty()
                    ? Reset.UNREADABLE
                    : cursor.get().worthNothing(feed.epoch(), feed.top()).orElse(null);
            listener.begin(feed, why == null ? cursor.orElseThrow().seq() : feed.top(), why);
        } else {
            long from = arrival.byDevice() ? known.getOrDefault(arrival.device(), 0L) : feed.top();
            listener.begin(feed, from, null);
        }
        hub.joined(listener);
        if (moved) {
            feed.mayHaveMore();
        }
    }
}
