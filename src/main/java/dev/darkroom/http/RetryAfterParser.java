package dev.darkroom.http;

import io.netty.handler.codec.DateFormatter;
import io.vertx.core.MultiMap;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.util.Date;
import java.util.regex.Pattern;

/**
 * Parses the delay that a server requests before a retry. The first valid value wins: {@code retry-after-ms} (OpenAI),
 * {@code Retry-After} in seconds or as a date (RFC 9110, sections 10.2.3 and 5.6.7), a number of seconds from the body.
 * Ignores negative and malformed values and dates in the past. Thread-safe.
 */
public record RetryAfterParser(Clock clock) {
    /** Upper bound, small enough that arithmetic with it does not overflow. */
    static final Duration MAX_DELAY = Duration.ofDays(36_500);

    private static final Pattern NUMBER = Pattern.compile("\\d{1,400}(?:\\.\\d{0,400})?");

    /** Netty throws for longer text. */
    private static final int MAX_DATE_LENGTH = 64;

    /**
     * Returns the requested delay.
     *
     * @param fromBody unparsed seconds from the body; may be null
     * @return null when the server requested none; never negative, at most {@link #MAX_DELAY}
     */
    public Duration parse(MultiMap headers, String fromBody) {
        Duration delay = parseNumber(headers.get("retry-after-ms"), 1);
        if (delay == null) {
            delay = parseNumber(headers.get("retry-after"), 1000);
        }
        if (delay == null) {
            delay = parseDate(headers.get("retry-after"));
        }
        if (delay == null) {
            delay = parseNumber(fromBody, 1000);
        }
        return delay;
    }

    private static Duration parseNumber(String text, int unitMillis) {
        if (text == null || !NUMBER.matcher(text.strip()).matches()) {
            return null;
        }
        BigDecimal delayMillis = new BigDecimal(text.strip()).multiply(BigDecimal.valueOf(unitMillis));
        BigDecimal maxMillis = BigDecimal.valueOf(MAX_DELAY.toMillis());
        return Duration.ofMillis(delayMillis.min(maxMillis).longValue());
    }

    private Duration parseDate(String text) {
        if (text == null || text.strip().length() > MAX_DATE_LENGTH) {
            return null;
        }
        Date until = DateFormatter.parseHttpDate(text.strip());
        if (until == null) {
            return null;
        }
        Duration delay = Duration.between(clock.instant(), until.toInstant());
        return delay.isNegative() ? null : delay.compareTo(MAX_DELAY) > 0 ? MAX_DELAY : delay;
    }
}
