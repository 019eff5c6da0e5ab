package dev.darkroom.notification.stream;

import dev.darkroom.notification.NotificationCursor;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;

/** The stream of one user in this process, and who listens to it. On the hub's event loop, but for {@link #lastSeq}. */
final class UserStream {
    private final String user;
    private final List<HubSubscription> subscriptions = new ArrayList<>(1);
    private String epoch;
    private volatile long lastSeq;
    /** There may be more than we know of. */
    private boolean stale;

    private boolean fetching;

    UserStream(String user) {
        this.user = user;
    }

    String user() {
        return user;
    }

    List<HubSubscription> subscriptions() {
        return subscriptions;
    }

    /** The last number that is known to have been given out. From any thread. */
    long lastSeq() {
        return lastSeq;
    }

    String epoch() {
        return epoch;
    }

    NotificationCursor cursorAt(long seq) {
        return new NotificationCursor(epoch, seq);
    }

    /** How it stands, by the database. True when the numbers have begun anew. */
    boolean update(UUID nowEpoch, long nowTop) {
        String its = NotificationCursor.shortEpoch(nowEpoch);
        boolean anew = epoch != null && !epoch.equals(its);
        epoch = its;
        lastSeq = anew ? nowTop : Math.max(lastSeq, nowTop);
        return anew;
    }

    void advanceTo(long seq) {
        lastSeq = Math.max(lastSeq, seq);
    }

    void markStale() {
        stale = true;
    }

    boolean fetching() {
        return fetching;
    }

    /** Whether there is, or may be, something for one who was told up to here. */
    boolean mayHaveAfter(long position) {
        return stale || position < lastSeq;
    }

    /** The number after which to read, when somebody has room for what comes. Looks at all who listen, who may be thousands. */
    OptionalLong nextFetchPosition() {
        return subscriptions.stream()
                .filter(HubSubscription::isReady)
                .mapToLong(HubSubscription::position)
                .filter(this::mayHaveAfter)
                .min();
    }

    void fetchStarted() {
        fetching = true;
        stale = false;
    }

    void fetchEnded() {
        fetching = false;
    }

    /** Hands a page to those who have room. */
    void deliver(NotificationPage notificationPage) {
        advanceTo(notificationPage.lastSeq());
        // Whoever is further behind, and has got room since the read began, is read for next.
        List.copyOf(subscriptions).stream()
                .filter(hubSubscription ->
                        hubSubscription.isReady() && hubSubscription.position() >= notificationPage.afterSeq())
                .forEach(hubSubscription -> hubSubscription.deliver(notificationPage));
    }
}
