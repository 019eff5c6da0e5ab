package dev.darkroom.config;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How Darkroom writes durations: a whole number and one unit, {@code 250ms}, {@code 1s}, {@code 15m}, {@code 2h} or {@code 90d}. No
 * bare numbers, whose unit nobody knows, and no ISO-8601. Safe on any thread.
 */
public final class DurationFormat {
    /** Nine digits of days still fit into a long of milliseconds. */
    private static final Pattern FORMAT = Pattern.compile("([0-9]{1,9})(ms|s|m|h|d)");

    private static final long SECOND = 1000;
    private static final long MINUTE = 60 * SECOND;
    private static final long HOUR = 60 * MINUTE;

    private DurationFormat() {}

    /**
     * Reads a duration.
     *
     * @param text never null
     * @return zero or longer
     * @throws IllegalArgumentException when the text has another form
     */
    public static Duration parse(String text) {
        Matcher matcher = FORMAT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("expected a duration such as 250ms, 1s or 15m");
        }
        return Duration.ofMillis(Long.parseLong(matcher.group(1)) * millis(matcher.group(2)));
    }

    /**
     * Writes a duration.
     *
     * @param duration never null; what is finer than a millisecond is cut off
     * @return in the largest unit that loses nothing: 90 seconds are {@code 90s}, 120 seconds are {@code 2m}; days are told in hours
     */
    public static String format(Duration duration) {
        long millis = duration.toMillis();
        if (millis == 0 || millis % SECOND != 0) {
            return millis + "ms";
        } else if (millis % MINUTE != 0) {
            return millis / SECOND + "s";
        } else if (millis % HOUR != 0) {
            return millis / MINUTE + "m";
        }
        return millis / HOUR + "h";
    }

    private static long millis(String unit) {
        return switch (unit) {
            case "ms" -> 1;
            case "s" -> SECOND;
            case "m" -> MINUTE;
            case "h" -> HOUR;
            default -> 24 * HOUR;
        };
    }
}
