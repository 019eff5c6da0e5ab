package dev.darkroom.notification.command;

import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationCursor;
import dev.darkroom.notification.NotificationStore;
import dev.darkroom.notification.StreamResetReason;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Optional;

/**
 * A reading of a user's list from a place on.
 *
 * @param epoch of the user's numbers
 * @param lastSeq the last number that had been given out before the list was read; what is given out meanwhile may be in it or not
 * @param afterSeq the number after which it is read
 * @param cursorGiven whether the reader knows that place, so that what is missing after it is missed
 * @param resetReason why it is read from the beginning, null when that is what was asked for
 */
record InboxPageBuilder(String epoch, long lastSeq, long afterSeq, boolean cursorGiven, StreamResetReason resetReason) {

    /** @param cursor where the reader is; empty to begin with the oldest */
    static InboxPageBuilder create(NotificationStore.StreamState streamState, Optional<NotificationCursor> cursor) {
        String epoch = NotificationCursor.shortEpoch(streamState.epoch());
        StreamResetReason streamResetReason = cursor.flatMap(
                        place -> place.findResetReason(epoch, streamState.lastSeq()))
                .orElse(null);
        long after =
                streamResetReason == null ? cursor.map(NotificationCursor::seq).orElse(0L) : 0;
        return new InboxPageBuilder(epoch, streamState.lastSeq(), after, cursor.isPresent(), streamResetReason);
    }

    /**
     * Builds the page. {@code nextCursor} is absent on the last page; {@code position} is always present, so that a client can ask
     * later for what has been recorded since.
     *
     * @param read the oldest first, up to one more than {@code limit}: the one more says that there is a next page
     */
    JsonObject build(List<Notification> read, int limit, long unread) {
        boolean more = read.size() > limit;
        List<Notification> found = more ? read.subList(0, limit) : read;
        boolean missed = found.isEmpty() ? afterSeq < lastSeq : found.get(0).seq() > afterSeq + 1;
        long next = found.isEmpty()
                ? Math.max(afterSeq, lastSeq)
                : found.get(found.size() - 1).seq();
        String position = new NotificationCursor(epoch, next).toString();
        StreamResetReason why = resetReason == null && cursorGiven && missed ? StreamResetReason.EXPIRED : resetReason;
        JsonObject page = new JsonObject()
                .put(
                        "items",
                        new JsonArray(
                                found.stream().map(Notification::toInboxJson).toList()))
                .put("position", position)
                .put("unread", unread);
        if (more) {
            page.put("nextCursor", position);
        }
        return why == null ? page : page.put("reset", why.name());
    }
}
