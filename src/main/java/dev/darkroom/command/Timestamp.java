package dev.darkroom.command;

import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;

/** Times as they are told everywhere: RFC 3339 in UTC with milliseconds, always of the same length. */
public final class Timestamp {
    private static final DateTimeFormatter FORM =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private Timestamp() {}

    /** @param moment an instant, or a date and a time with an offset; null stays null */
    public static String text(TemporalAccessor moment) {
        return moment == null ? null : FORM.format(moment);
    }
}
