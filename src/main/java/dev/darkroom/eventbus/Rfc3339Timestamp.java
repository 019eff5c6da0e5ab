package dev.darkroom.eventbus;

import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;

/** Times as they are told everywhere: RFC 3339 in UTC with milliseconds, always of the same length. */
public final class Rfc3339Timestamp {
    private static final DateTimeFormatter FORMATTER =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private Rfc3339Timestamp() {}

    /** @param moment an instant, or a date and a time with an offset; null stays null */
    public static String format(TemporalAccessor moment) {
        return moment == null ? null : FORMATTER.format(moment);
    }
}
