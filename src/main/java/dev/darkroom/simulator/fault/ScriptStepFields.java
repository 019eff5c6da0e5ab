package dev.darkroom.simulator.fault;

import dev.darkroom.simulator.http.SimulatorRequestException;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the fields of one step. Error messages contain the position of the field. */
record ScriptStepFields(JsonObject source, String path) {
    private static final Pattern DURATION = Pattern.compile("(\\d{1,7})(ms|s|m|)");
    private static final Duration MAX_DURATION = Duration.ofHours(1);
    private static final int MAX_TIMES = 1_000_000;

    /** Rejects keys that are not in {@code keys}. */
    void requireKnown(Set<String> keys) {
        for (String key : source.fieldNames()) {
            if (!keys.contains(key)) {
                throw unknownKey(key);
            }
        }
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

    SimulatorRequestException unknownKey(String key) {
        return invalidField(key, "unknown key \"" + key + "\"");
    }

    SimulatorRequestException conflict(String key, String otherKey) {
        return invalidField(key, "\"" + key + "\" cannot be combined with \"" + otherKey + "\"");
    }

    /** Requires the value true. */
    void requireTrue(String key) {
        if (!Boolean.TRUE.equals(value(key))) {
            throw invalidField(key, key + " must be true");
        }
    }

    /** Returns null without the key. */
    String optionalText(String key) {
        return has(key) ? text(key) : null;
    }

    String text(String key) {
        if (value(key) instanceof String text) {
            return text;
        }
        throw invalidField(key, key + " must be a string");
    }

    /** @param defaultStatus returned if the field is absent; 0 makes the field required */
    int status(int defaultStatus) {
        if (!has("status") && defaultStatus != 0) {
            return defaultStatus;
        }
        return (int) number("status", 200, 599, null);
    }

    /** Returns the headers {@code Retry-After} and {@code retry-after-ms}, each given as a number or a string; empty without both. */
    Map<String, String> retryAfter() {
        Map<String, String> headers = new HashMap<>();
        putHeader(headers, "Retry-After", "retryAfter", "seconds");
        putHeader(headers, "retry-after-ms", "retryAfterMs", "milliseconds");
        return headers;
    }

    private void putHeader(Map<String, String> headers, String name, String key, String unit) {
        if (has(key)) {
            Object value = value(key);
            String header = value instanceof Number || value instanceof String ? value.toString() : "";
            if (!isPrintable(header)) {
                throw invalidField(key, key + " must be a number of " + unit + " or a header value as a string");
            }
            headers.put(name, header);
        }
    }

    /**
     * Returns a duration, given as a number of milliseconds or as {@code 250ms}, {@code 2s}, {@code 1m}.
     *
     * @param defaultValue returned if the field is absent, may be null
     */
    Duration duration(String key, Duration defaultValue) {
        return has(key) ? parseDuration(key, value(key)) : defaultValue;
    }

    /** Parses a duration like {@link #duration} from a value inside the field {@code key}. */
    Duration parseDuration(String key, Object value) {
        Matcher matcher = DURATION.matcher(String.valueOf(value));
        if (matcher.matches()) {
            long number = Long.parseLong(matcher.group(1));
            Duration duration = switch (matcher.group(2)) {
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                default -> Duration.ofMillis(number);
            };
            if ((matcher.group(2).isEmpty() == value instanceof Number) && duration.compareTo(MAX_DURATION) <= 0) {
                return duration;
            }
        }
        throw invalidField(key, key + " must be milliseconds, or a string such as 250ms, 2s or 1m, up to 60m");
    }

    /** Returns a boolean; false if absent. */
    boolean optionalBoolean(String key) {
        if (!has(key)) {
            return false;
        }
        if (value(key) instanceof Boolean flag) {
            return flag;
        }
        throw invalidField(key, key + " must be true or false");
    }

    /** @param defaultValue returned if the field is absent; null makes the field required */
    long number(String key, long min, long max, Long defaultValue) {
        if (!has(key) && defaultValue != null) {
            return defaultValue;
        }
        Object value = value(key);
        if (value instanceof Integer || value instanceof Long) {
            long number = ((Number) value).longValue();
            if (number >= min && number <= max) {
                return number;
            }
        }
        throw invalidField(key, key + " must be a whole number, " + min + " to " + max);
    }

    /** Returns a string that is valid as a header value. */
    String header(String key) {
        String text = text(key);
        if (!isPrintable(text)) {
            throw invalidField(key, key + " must be a header value");
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
        throw invalidField("times", "times must be 1 to " + MAX_TIMES + ", or -1 for unlimited");
    }
}
