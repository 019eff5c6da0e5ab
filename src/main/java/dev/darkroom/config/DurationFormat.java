package dev.darkroom.config;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Parses and formats durations: a whole number and one unit, {@code 250ms}, {@code 1s}, {@code 15m}, {@code 2h} or {@code 90d}.
 * Rejects numbers without a unit, which are ambiguous, and ISO 8601. Safe on any thread.
 */
public final class DurationFormat {
    /** At most nine digits, because that many days fit into a long of milliseconds. */
    private static final Pattern FORMAT = Pattern.compile("([0-9]{1,9})(ms|s|m|h|d)");

    private static final long SECOND = 1000;
    private static final long MINUTE = 60 * SECOND;
    private static final long HOUR = 60 * MINUTE;

    private DurationFormat() {}

    /**
     * Parses a duration.
     *
     * @param text never null
     * @return zero or longer
     * @throws IllegalArgumentException when the text has another format
     */
    public static Duration parse(String text) {
        Matcher matcher = FORMAT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("expected a duration such as 250ms, 1s or 15m");
        }
        return Duration.ofMillis(Long.parseLong(matcher.group(1)) * unitMillis(matcher.group(2)));
    }

    /**
     * Formats a duration.
     *
     * @param duration never null; truncated to milliseconds
     * @return the number in the largest exact unit up to hours: {@code 90s} for 90 seconds, {@code 2m} for 120 seconds
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

    private static long unitMillis(String unit) {
        return switch (unit) {
            case "ms" -> 1;
            case "s" -> SECOND;
            case "m" -> MINUTE;
            case "h" -> HOUR;
            default -> 24 * HOUR;
        };
    }
}
