package dev.darkroom.notification;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Optional;

/**
 * A reading of a user's list from a place on.
 *
 * @param epoch of the user's numbers
 * @param top the last number that had been given out before the list was read; what is given out meanwhile may be in it or not
 * @param after the number after which it is read
 * @param known whether the reader knows that place, so that what is missing after it is missed
 * @param reset why it is read from the beginning, null when that is what was asked for
 */
record Inbox(String epoch, long top, long after, boolean known, Reset reset) {

    /** @param cursor where the reader is; empty to begin with the oldest */
    static Inbox open(NotificationStore.Standing standing, Optional<StreamCursor> cursor) {
        String epoch = StreamCursor.shortened(standing.epoch());
        Reset reset = cursor.flatMap(place -> place.worthNothing(epoch, standing.top()))
                .orElse(null);
        long after = reset == null ? cursor.map(StreamCursor::seq).orElse(0L) : 0;
        return new Inbox(epoch, standing.top(), after, cursor.isPresent(), reset);
    }

    /**
     * Builds the page. {@code nextCursor} is absent on the last page; {@code position} is always present, so that a client can ask
     * later for what has been recorded since.
     *
     * @param read the oldest first, up to one more than {@code limit}: the one more says that there is a next page
     */
    JsonObject page(List<Notification> read, int limit, long unread) {
        boolean more = read.size() > limit;
        List<Notification> found = more ? read.subList(0, limit) : read;
        boolean missed = found.isEmpty() ? after < top : found.get(0).seq() > after + 1;
        long next = found.isEmpty()
                ? Math.max(after, top)
                : found.get(found.size() - 1).seq();
        String position = new StreamCursor(epoch, next).toString();
        Reset why = reset == null && known && missed ? Reset.EXPIRED : reset;
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
