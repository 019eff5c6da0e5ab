package dev.darkroom.notification.command;

import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationCursor;
import dev.darkroom.notification.NotificationResult.InboxPage;
import dev.darkroom.notification.NotificationStore;
import dev.darkroom.notification.StreamResetReason;
import java.util.List;
import java.util.Optional;

/**
 * Builds a page of a user's inbox. Immutable.
 *
 * @param epoch short epoch of the user's stream
 * @param lastSeq last sequence number assigned before the page was read; the page may or may not contain later ones
 * @param afterSeq sequence number after which the page starts
 * @param cursorGiven whether the client sent a cursor; if so, a gap after {@code afterSeq} is reported as a reset
 * @param resetReason why the page starts at the oldest notification instead of the cursor; null if it does not
 */
record InboxPageBuilder(String epoch, long lastSeq, long afterSeq, boolean cursorGiven, StreamResetReason resetReason) {

    /** @param cursor position of the client; empty to start with the oldest notification */
    static InboxPageBuilder create(NotificationStore.StreamState streamState, Optional<NotificationCursor> cursor) {
        String epoch = NotificationCursor.shortEpoch(streamState.epoch());
        StreamResetReason resetReason = cursor.flatMap(
                        position -> position.findResetReason(epoch, streamState.lastSeq()))
                .orElse(null);
        long afterSeq =
                resetReason == null ? cursor.map(NotificationCursor::seq).orElse(0L) : 0;
        return new InboxPageBuilder(epoch, streamState.lastSeq(), afterSeq, cursor.isPresent(), resetReason);
    }

    /**
     * Builds the page.
     *
     * @param notifications oldest first, up to {@code limit} + 1; the extra one indicates a next page
     * @param unreadCount number of unread notifications of the user
     */
    InboxPage build(List<Notification> notifications, int limit, long unreadCount) {
        boolean hasMore = notifications.size() > limit;
        List<Notification> items = hasMore ? notifications.subList(0, limit) : notifications;
        boolean gap = items.isEmpty() ? afterSeq < lastSeq : items.get(0).seq() > afterSeq + 1;
        long endSeq = items.isEmpty()
                ? Math.max(afterSeq, lastSeq)
                : items.get(items.size() - 1).seq();
        StreamResetReason reset = resetReason == null && cursorGiven && gap ? StreamResetReason.EXPIRED : resetReason;
        return new InboxPage(items, new NotificationCursor(epoch, endSeq), hasMore, unreadCount, reset);
    }
}
