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
public record StreamCursor(String epoch, long seq) {
    private static final Pattern TEXT = Pattern.compile("([0-9a-f]{8})-([0-9]{1,18})");

    static StreamCursor of(UUID epoch, long seq) {
        return new StreamCursor(shortened(epoch), seq);
    }

    static String shortened(UUID epoch) {
        return epoch.toString().substring(0, 8);
    }

    /** Empty when it is none that we could have given out. */
    public static Optional<StreamCursor> parse(String text) {
        Matcher cursor = TEXT.matcher(text);
        return cursor.matches()
                ? Optional.of(new StreamCursor(cursor.group(1), Long.parseLong(cursor.group(2))))
                : Optional.empty();
    }

    /** Why a stream of this epoch that has come so far cannot go on from here; empty when it can. */
    Optional<Reset> worthNothing(String nowEpoch, long top) {
        if (!epoch.equals(nowEpoch)) {
            return Optional.of(Reset.EPOCH);
        }
        return seq > top ? Optional.of(Reset.AHEAD) : Optional.empty();
    }

    /** As it is given out. */
    @Override
    public String toString() {
        return epoch + "-" + seq;
    }
}
