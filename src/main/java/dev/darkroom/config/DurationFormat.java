package dev.darkroom.config;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Parses durations: a whole number and one unit, {@code 250ms}, {@code 1s}, {@code 15m}, {@code 2h} or {@code 90d}.
 * Rejects numbers without a unit, which are ambiguous, and ISO 8601. Safe on any thread.
 */
public final class DurationFormat {
    /** At most nine digits, because that many days fit into a long of milliseconds. */
    private static final Pattern FORMAT = Pattern.compile("([0-9]{1,9})(ms|s|m|h|d)");

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
        long number = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
        };
    }
}
