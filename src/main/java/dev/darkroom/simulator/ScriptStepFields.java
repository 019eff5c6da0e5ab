package dev.darkroom.simulator;

import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The fields of one step, read with messages that say where they stand. */
final class ScriptStepFields {
    private static final Pattern DURATION = Pattern.compile("(\\d{1,7})(ms|s|m)");
    private static final Duration MAX_DURATION = Duration.ofHours(1);
    private static final int MAX_TIMES = 1_000_000;

    private final JsonObject source;
    private final String path;

    ScriptStepFields(JsonObject source, String path) {
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

    SimulatorRequestException invalidField(String key, String message) {
        return new SimulatorRequestException(path + ": " + message, key == null ? path : path(key));
    }

    /** A key that is there to say yes. */
    void requireTrue(String key) {
        if (!Boolean.TRUE.equals(value(key))) {
            throw invalidField(key, key + " must be true");
        }
    }

    String text(String key) {
        if (value(key) instanceof String text) {
            return text;
        }
        throw invalidField(key, key + " must be a string");
    }

    /** @param fallback 0 when there is none */
    int status(int fallback) {
        if (!has("status") && fallback != 0) {
            return fallback;
        }
        return (int) number("status", 200, 599, null);
    }

    /** Seconds as a number, or the header's value as a string; null when there is none. */
    String retryAfter() {
        if (!has("retryAfter")) {
            return null;
        }
        Object value = value("retryAfter");
        String header = value instanceof Number || value instanceof String ? value.toString() : "";
        if (!isPrintable(header)) {
            throw invalidField(
                    "retryAfter", "retryAfter must be a number of seconds or the header's value as a string");
        }
        return header;
    }

    /**
     * Milliseconds as a number, or {@code 250ms}, {@code 2s}, {@code 1m}.
     *
     * @param fallback what it is when there is none, may be null
     */
    Duration duration(String key, Duration fallback) {
        return has(key) ? parseDuration(key, value(key)) : fallback;
    }

    /** As {@link #duration}, of something inside the value of a key. */
    Duration parseDuration(String key, Object written) {
        Long millis = parseMillis(written);
        if (millis == null || millis < 0 || millis > MAX_DURATION.toMillis()) {
            throw invalidField(key, key + " must be milliseconds, or a string such as 250ms, 2s or 1m, up to 60m");
        }
        return Duration.ofMillis(millis);
    }

    /** Yes or no; no when it is not there. */
    boolean optionalBoolean(String key) {
        if (!has(key)) {
            return false;
        }
        if (value(key) instanceof Boolean yes) {
            return yes;
        }
        throw invalidField(key, key + " must be true or false");
    }

    /** @param fallback what it is when there is none; null when there has to be one */
    long number(String key, long least, long most, Long fallback) {
        if (!has(key) && fallback != null) {
            return fallback;
        }
        Object value = value(key);
        if (value instanceof Integer || value instanceof Long) {
            long number = ((Number) value).longValue();
            if (number >= least && number <= most) {
                return number;
            }
        }
        throw invalidField(key, key + " must be a whole number, " + least + " to " + most);
    }

    /** A value that can be sent in a header. */
    String header(String key) {
        String text = text(key);
        if (!isPrintable(text)) {
            throw invalidField(key, key + " must be a header's value");
        }
        return text;
    }

    private static boolean isPrintable(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c >= ' ' && c < 127);
    }

    int times() {
        if (!has("times")) {
            return 1;
        }
        if (value("times") instanceof Integer times
                && (times == ScriptStep.UNLIMITED || (times >= 1 && times <= MAX_TIMES))) {
            return times;
        }
        throw invalidField("times", "times must be 1 to " + MAX_TIMES + ", or -1 for ever");
    }

    private static Long parseMillis(Object value) {
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
