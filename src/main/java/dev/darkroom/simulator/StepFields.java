package dev.darkroom.simulator;

import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The fields of one step, read with messages that say where they stand. */
final class StepFields {
    private static final Pattern DURATION = Pattern.compile("(\\d{1,7})(ms|s|m)");
    private static final long LONGEST_DELAY_MS = Duration.ofHours(1).toMillis();
    private static final int MOST_TIMES = 1_000_000;

    private final JsonObject source;
    private final String path;

    StepFields(JsonObject source, String path) {
        this.source = source;
        this.path = path;
    }

    boolean has(String key) {
        return source.containsKey(key);
    }

    Object value(String key) {
        return source.getValue(key);
    }

    String path(String key) {
        return path + "." + key;
    }

    BadRequestException wrong(String key, String message) {
        return new BadRequestException(path + ": " + message, key == null ? path : path(key));
    }

    /** A key that is there to say yes. */
    void flag(String key) {
        if (!Boolean.TRUE.equals(value(key))) {
            throw wrong(key, key + " must be true");
        }
    }

    String text(String key) {
        if (value(key) instanceof String text) {
            return text;
        }
        throw wrong(key, key + " must be a string");
    }

    /** @param fallback 0 when there is none */
    int status(int fallback) {
        if (!has("status") && fallback != 0) {
            return fallback;
        }
        if (value("status") instanceof Integer status && status >= 200 && status <= 599) {
            return status;
        }
        throw wrong("status", "status must be a whole number, 200 to 599");
    }

    /** Seconds as a number, or the header's value as a string; null when there is none. */
    String retryAfter() {
        if (!has("retryAfter")) {
            return null;
        }
        Object value = value("retryAfter");
        String header = value instanceof Number || value instanceof String ? value.toString() : "";
        if (header.isEmpty() || !header.chars().allMatch(c -> c >= ' ' && c < 127)) {
            throw wrong("retryAfter", "retryAfter must be a number of seconds or the header's value as a string");
        }
        return header;
    }

    /** Milliseconds as a number, or {@code 250ms}, {@code 2s}, {@code 1m}; null when there is none. */
    Duration delay() {
        if (!has("delay")) {
            return null;
        }
        Long millis = millis(value("delay"));
        if (millis == null || millis < 0 || millis > LONGEST_DELAY_MS) {
            throw wrong("delay", "delay must be milliseconds, or a string such as 250ms, 2s or 1m, up to 60m");
        }
        return Duration.ofMillis(millis);
    }

    int times() {
        if (!has("times")) {
            return 1;
        }
        if (value("times") instanceof Integer times
                && (times == Step.FOR_EVER || (times >= 1 && times <= MOST_TIMES))) {
            return times;
        }
        throw wrong("times", "times must be 1 to " + MOST_TIMES + ", or -1 for ever");
    }

    private static Long millis(Object value) {
        if (value instanceof Integer || value instanceof Long) {
            return ((Number) value).longValue();
        }
        Matcher matcher = DURATION.matcher(String.valueOf(value));
        if (!matcher.matches()) {
            return null;
        }
        long number = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> number;
            case "s" -> number * 1000;
            default -> number * 60_000;
        };
    }
}
