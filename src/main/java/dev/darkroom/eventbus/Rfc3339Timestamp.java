package dev.darkroom.eventbus;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.TemporalAccessor;

/**
 * Formats timestamps of all responses, events and messages: RFC 3339, in UTC, with milliseconds, of fixed length. Years have four digits.
 * Formats without {@code DateTimeFormatter}, which allocates twenty times the memory of the text.
 */
public final class Rfc3339Timestamp {
    /** Pattern of a time in UTC. */
    public static final String PATTERN = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'";

    private Rfc3339Timestamp() {}

    /**
     * Returns null for null.
     *
     * @param time an instant, or a date and time with an offset
     */
    public static String format(TemporalAccessor time) {
        if (time == null) {
            return null;
        }
        LocalDateTime utc = LocalDateTime.ofInstant(Instant.from(time), ZoneOffset.UTC);
        byte[] text = "0000-00-00T00:00:00.000Z".getBytes(StandardCharsets.US_ASCII);
        writeDigits(text, 3, utc.getYear());
        writeDigits(text, 6, utc.getMonthValue());
        writeDigits(text, 9, utc.getDayOfMonth());
        writeDigits(text, 12, utc.getHour());
        writeDigits(text, 15, utc.getMinute());
        writeDigits(text, 18, utc.getSecond());
        writeDigits(text, 22, utc.getNano() / 1_000_000);
        return new String(text, StandardCharsets.US_ASCII);
    }

    /** Writes a number so that its last digit is at an index. */
    private static void writeDigits(byte[] text, int last, int number) {
        for (int i = last, rest = number; rest > 0; i--, rest /= 10) {
            text[i] = (byte) ('0' + rest % 10);
        }
    }
}
