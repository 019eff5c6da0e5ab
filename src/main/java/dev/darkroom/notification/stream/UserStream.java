package dev.darkroom.notification.stream;

import dev.darkroom.notification.NotificationCursor;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;

/** Stream of one user in this process, with its subscribers. Confined to the context of the hub, except {@link #lastSeq}. */
final class UserStream {
    private final String user;
    private final List<StreamSubscriber> subscribers = new ArrayList<>(1);
    private String epoch;
    private volatile long lastSeq;
    /** Whether the database may contain notifications after {@link #lastSeq}. */
    private boolean stale;

    private boolean fetching;
    /** Whether a poll, and no signal before it, found the next notifications to fetch. */
    private boolean foundByPoll;

    UserStream(String user) {
        this.user = user;
    }

    String user() {
        return user;
    }

    /** Returns the modifiable list of subscribers. */
    List<StreamSubscriber> subscribers() {
        return subscribers;
    }

    /** Returns the last assigned sequence number known to this process. Usable from any thread. */
    long lastSeq() {
        return lastSeq;
    }

    /** Returns the short epoch; null before the first {@link #update}. */
    String epoch() {
        return epoch;
    }

    NotificationCursor cursorAt(long seq) {
        return new NotificationCursor(epoch, seq);
    }

    /** Updates the stream to its state in the database. Resets all subscribers if the numbering started again. */
    void update(UUID currentEpoch, long currentLastSeq) {
        String shortEpoch = NotificationCursor.shortEpoch(currentEpoch);
        boolean newEpoch = epoch != null && !epoch.equals(shortEpoch);
        epoch = shortEpoch;
        lastSeq = newEpoch ? currentLastSeq : Math.max(lastSeq, currentLastSeq);
        if (newEpoch) {
            List.copyOf(subscribers).forEach(StreamSubscriber::resetToNewEpoch);
        }
    }

    /** Called before {@link #update} with the last sequence number that a poll has read. */
    void markFoundByPoll(long polledSeq) {
        foundByPoll |= polledSeq > lastSeq && !stale && !fetching;
    }

    /** Returns whether a poll found the notifications of the fetch that has ended. */
    boolean takeFoundByPoll() {
        boolean taken = foundByPoll;
        foundByPoll = false;
        return taken;
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

    /** Returns whether there are, or may be, notifications after {@code position}. */
    boolean mayHaveAfter(long position) {
        return stale || position < lastSeq;
    }

    /**
     * Returns the lowest position of the ready subscribers with possible notifications after it; empty if there are none. Iterates over all
     * subscribers, which may be thousands.
     */
    OptionalLong nextFetchPosition() {
        return subscribers.stream()
                .filter(StreamSubscriber::isReady)
                .mapToLong(StreamSubscriber::position)
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

    /** Delivers a page to the ready subscribers. Skips subscribers behind the page; the next fetch starts at their position. */
    void deliver(NotificationPage notificationPage) {
        advanceTo(notificationPage.lastSeq());
        List.copyOf(subscribers).stream()
                .filter(subscriber -> subscriber.isReady() && subscriber.position() >= notificationPage.afterSeq())
                .forEach(subscriber -> subscriber.deliver(notificationPage));
    }
}
