package dev.darkroom.http;

import io.vertx.core.MultiMap;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * How long a server asks us to wait. Heard, the first that makes sense winning: {@code retry-after-ms} (as OpenAI sends
 * it), {@code Retry-After} in seconds or as a date (RFC 9110, sections 10.2.3 and 5.6.7), a number of seconds from the
 * body. What is negative, past or makes no sense is as if it were not there.
 */
public final class RetryAfterParser {
    /** Longer than anyone waits, and small enough that no arithmetic with it overflows. */
    static final Duration MAX_DELAY = Duration.ofDays(36_500);

    private static final Pattern NUMBER = Pattern.compile("\\d{1,400}(?:\\.\\d{0,400})?");
    private static final List<DateTimeFormatter> DATES = List.of(
            DateTimeFormatter.RFC_1123_DATE_TIME.withLocale(Locale.US),
            new DateTimeFormatterBuilder()
                    .appendPattern("EEEE, dd-MMM-")
                    .appendValueReduced(ChronoField.YEAR, 2, 2, 2000)
                    .appendPattern(" HH:mm:ss 'GMT'")
                    .toFormatter(Locale.US)
                    .withZone(ZoneOffset.UTC),
            DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.US).withZone(ZoneOffset.UTC));

    private final Clock clock;

    public RetryAfterParser(Clock clock) {
        this.clock = clock;
    }

    /**
     * What the server asked for.
     *
     * @param fromBody seconds, as found in the body; may be null
     * @return null when it did not ask; never negative, at most a hundred years
     */
    public Duration parse(MultiMap headers, String fromBody) {
        Duration wait = parseNumber(headers.get("retry-after-ms"), 1);
        if (wait == null) {
            wait = parseNumber(headers.get("retry-after"), 1000);
        }
        if (wait == null) {
            wait = parseDate(headers.get("retry-after"));
        }
        if (wait == null) {
            wait = parseNumber(fromBody, 1000);
        }
        return wait;
    }

    private static Duration parseNumber(String text, int milliseconds) {
        if (text == null || !NUMBER.matcher(text.strip()).matches()) {
            return null;
        }
        BigDecimal wait = new BigDecimal(text.strip()).multiply(BigDecimal.valueOf(milliseconds));
        BigDecimal longest = BigDecimal.valueOf(MAX_DELAY.toMillis());
        return Duration.ofMillis(wait.min(longest).longValue());
    }

    private Duration parseDate(String text) {
        if (text == null) {
            return null;
        }
        for (DateTimeFormatter format : DATES) {
            try {
                Instant until = ZonedDateTime.parse(text.strip(), format).toInstant();
                Duration wait = Duration.between(clock.instant(), until);
                return wait.isNegative() ? null : wait.compareTo(MAX_DELAY) > 0 ? MAX_DELAY : wait;
            } catch (DateTimeException e) {
                // Not a date of this shape; there are three.
            }
        }
        return null;
    }
}
