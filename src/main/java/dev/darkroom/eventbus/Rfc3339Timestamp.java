package dev.darkroom.eventbus;

import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;

/** Formats timestamps of all responses, events and messages: RFC 3339, in UTC, with milliseconds, of fixed length. */
public final class Rfc3339Timestamp {
    /** Pattern of a time in UTC. */
    public static final String PATTERN = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'";

    private static final DateTimeFormatter FORMATTER =
            DateTimeFormatter.ofPattern(PATTERN).withZone(ZoneOffset.UTC);

    private Rfc3339Timestamp() {}

    /**
     * Returns null for null.
     *
     * @param time an instant, or a date and time with an offset
     */
    public static String format(TemporalAccessor time) {
        return time == null ? null : FORMATTER.format(time);
    }
}
