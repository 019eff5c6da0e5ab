package dev.darkroom.notification;

import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A place in a user's stream, as clients carry it: the epoch's first eight digits, a hyphen, and the number of the last notification
 * that was seen.
 *
 * @param epoch eight hexadecimal digits
 * @param seq 0 or more
 */
public record NotificationCursor(String epoch, long seq) {
    private static final Pattern PATTERN = Pattern.compile("([0-9a-f]{8})-([0-9]{1,18})");

    static NotificationCursor of(UUID epoch, long seq) {
        return new NotificationCursor(shortEpoch(epoch), seq);
    }

    public static String shortEpoch(UUID epoch) {
        return epoch.toString().substring(0, 8);
    }

    /** Empty when it is none that we could have given out. */
    public static Optional<NotificationCursor> parse(String text) {
        Matcher cursor = PATTERN.matcher(text);
        return cursor.matches()
                ? Optional.of(new NotificationCursor(cursor.group(1), Long.parseLong(cursor.group(2))))
                : Optional.empty();
    }

    /** Why a stream of this epoch that has come so far cannot go on from here; empty when it can. */
    public Optional<StreamResetReason> findResetReason(String nowEpoch, long top) {
        if (!epoch.equals(nowEpoch)) {
            return Optional.of(StreamResetReason.EPOCH);
        }
        return seq > top ? Optional.of(StreamResetReason.AHEAD) : Optional.empty();
    }

    /** As it is given out. */
    @Override
    public String toString() {
        return epoch + "-" + seq;
    }
}
