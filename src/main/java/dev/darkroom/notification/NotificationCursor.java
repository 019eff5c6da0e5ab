package dev.darkroom.notification;

import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Position in a user's stream, in the form that clients store: the first eight digits of the epoch, a hyphen, and the sequence
 * number of the last received notification. Immutable.
 *
 * @param epoch eight hexadecimal digits
 * @param seq 0 or more; 0 is the position before the first notification
 */
public record NotificationCursor(String epoch, long seq) {
    private static final Pattern PATTERN = Pattern.compile("([0-9a-f]{8})-([0-9]{1,18})");

    static NotificationCursor of(UUID epoch, long seq) {
        return new NotificationCursor(shortEpoch(epoch), seq);
    }

    /** Returns the first eight hexadecimal digits of {@code epoch}. */
    public static String shortEpoch(UUID epoch) {
        return epoch.toString().substring(0, 8);
    }

    /** Returns empty if {@code text} does not have the format of a cursor. */
    public static Optional<NotificationCursor> parse(String text) {
        Matcher matcher = PATTERN.matcher(text);
        return matcher.matches()
                ? Optional.of(new NotificationCursor(matcher.group(1), Long.parseLong(matcher.group(2))))
                : Optional.empty();
    }

    /**
     * Checks whether a stream can resume from this cursor.
     *
     * @param currentEpoch short epoch of the stream
     * @param lastSeq last assigned sequence number of the stream
     * @return empty if the stream can resume
     */
    public Optional<StreamResetReason> findResetReason(String currentEpoch, long lastSeq) {
        if (!epoch.equals(currentEpoch)) {
            return Optional.of(StreamResetReason.EPOCH_CHANGED);
        }
        return seq > lastSeq ? Optional.of(StreamResetReason.BEYOND_END) : Optional.empty();
    }

    /** Returns the text form, which {@link #parse} accepts. */
    @Override
    public String toString() {
        return epoch + "-" + seq;
    }
}
