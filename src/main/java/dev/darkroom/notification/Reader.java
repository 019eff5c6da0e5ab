package dev.darkroom.notification;

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
final class Reader {
    private static final Logger LOG = LoggerFactory.getLogger(Reader.class);

    /** Of one user; whoever missed more is read for again when that is written. */
    static final int PAGE = 100;

    private static final int USERS = 64;
    private static final int STATEMENTS = 2;

    private final StreamHub hub;
    private final NotificationStore store;
    private final Set<Feed> wanting = new LinkedHashSet<>();
    private int underWay;

    Reader(StreamHub hub, NotificationStore store) {
        this.hub = hub;
        this.store = store;
    }

    /** Reads for a feed if somebody there has room for what comes. */
    void look(Feed feed) {
        if (!feed.beingRead() && feed.wanted().isPresent()) {
            wanting.add(feed);
            read();
        }
    }

    private void read() {
        while (underWay < STATEMENTS && !wanting.isEmpty()) {
            List<Feed> batch = new ArrayList<>();
            Map<String, Long> wanted = new HashMap<>();
            Iterator<Feed> next = wanting.iterator();
            while (next.hasNext() && batch.size() < USERS) {
                Feed feed = next.next();
                next.remove();
                feed.wanted().ifPresent(after -> {
                    batch.add(feed);
                    wanted.put(feed.user(), after);
                });
            }
            if (!batch.isEmpty()) {
                read(batch, wanted);
            }
        }
    }

    private void read(List<Feed> batch, Map<String, Long> wanted) {
        underWay++;
        Map<Feed, Long> tops = new HashMap<>();
        batch.forEach(feed -> {
            feed.readBegins();
            tops.put(feed, feed.top());
        });
        store.after(wanted, PAGE)
                .onSuccess(found -> hub.run(() -> {
                    underWay--;
                    batch.forEach(feed -> {
                        List<Notification> its = found.getOrDefault(feed.user(), List.of());
                        feed.readEnds();
                        feed.deliver(new Page(feed, wanted.get(feed.user()), its, tops.get(feed), its.size() < PAGE));
                        look(feed);
                    });
                    read();
                }))
                .onFailure(error -> hub.run(() -> {
                    LOG.atWarn()
                            .addKeyValue("reason", error.getMessage())
                            .log("could not read notifications, trying again");
                    hub.runLater(() -> {
                        underWay--;
                        batch.forEach(feed -> {
                            feed.readEnds();
                            feed.mayHaveMore();
                            look(feed);
                        });
                        read();
                    });
                }));
    }
}
