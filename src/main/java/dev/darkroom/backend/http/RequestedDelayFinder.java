package dev.darkroom.backend.http;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the delay before a retry in an error body, for servers and gateways that send no {@code Retry-After}. Reads a field such as
 * {@code retry_after} at any depth, a number of seconds or a text such as {@code 1m30s}, and else a sentence such as {@code Please
 * try again in 7.188s}. Pure functions.
 */
final class RequestedDelayFinder {
    /** Names of fields in lower case without punctuation. */
    private static final Set<String> SECONDS_FIELDS = Set.of(
            "retryafter", // Replicate, Black Forest Labs
            "retryafterseconds",
            "retrydelay", // google.rpc.RetryInfo
            "quotaresetdelay");

    private static final Set<String> MILLIS_FIELDS = Set.of("retryafterms", "retryaftermillis");

    /** Fields with text of the client or with images. */
    private static final Set<String> IGNORED_FIELDS =
            Set.of("b64json", "body", "input", "negativeprompt", "prompt", "revisedprompt", "url", "user");

    private static final String AMOUNT = "(\\d{1,9}(?:\\.\\d{1,9})?)\\s?";
    private static final String UNIT = "(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?)(?![A-Za-z])";
    private static final Pattern PART = Pattern.compile(AMOUNT + UNIT, Pattern.CASE_INSENSITIVE);
    private static final Pattern DURATION =
            Pattern.compile("(?:" + AMOUNT + UNIT + "\\s?){1,4}", Pattern.CASE_INSENSITIVE);
    private static final Pattern NUMBER = Pattern.compile("\\d{1,9}(?:\\.\\d{1,9})?");

    /**
     * Replicate: "Your rate limit resets in ~30s." OpenAI: "try again in 7.188s", "try again after 51.84 seconds". Azure: "Please retry
     * after 26 seconds". Google: "Please retry in 58.9s", "Your quota will reset after 30s".
     */
    private static final Pattern SENTENCE = Pattern.compile(
            "(?:try again|retry|resets?)(?: in| after)?:? ~?((?:" + AMOUNT + UNIT + "\\s?){1,4})",
            Pattern.CASE_INSENSITIVE);

    private static final int MAX_DEPTH = 8;

    private RequestedDelayFinder() {}

    /**
     * Searches a JSON value or a text.
     *
     * @return a number of seconds; null when there is none
     */
    static String find(Object json) {
        BigDecimal field = findField(json, 0);
        BigDecimal seconds = field == null ? findSentence(json, 0) : field;
        return seconds == null ? null : seconds.toPlainString();
    }

    private static BigDecimal findField(Object value, int depth) {
        if (depth > MAX_DEPTH) {
            return null;
        }
        BigDecimal found = null;
        if (value instanceof JsonObject object) {
            for (Map.Entry<String, Object> entry : object) {
                String name = normalize(entry.getKey());
                found = found != null
                        ? found
                        : SECONDS_FIELDS.contains(name)
                                ? toSeconds(entry.getValue())
                                : MILLIS_FIELDS.contains(name)
                                        ? scale(toSeconds(entry.getValue()), "ms")
                                        : IGNORED_FIELDS.contains(name) ? null : findField(entry.getValue(), depth + 1);
            }
        } else if (value instanceof JsonArray array) {
            for (Object entry : array) {
                found = found == null ? findField(entry, depth + 1) : found;
            }
        }
        return found;
    }

    private static BigDecimal findSentence(Object value, int depth) {
        if (depth > MAX_DEPTH) {
            return null;
        }
        BigDecimal found = null;
        if (value instanceof JsonObject object) {
            for (Map.Entry<String, Object> entry : object) {
                boolean ignored = found != null || IGNORED_FIELDS.contains(normalize(entry.getKey()));
                found = ignored ? found : findSentence(entry.getValue(), depth + 1);
            }
        } else if (value instanceof JsonArray array) {
            for (Object entry : array) {
                found = found == null ? findSentence(entry, depth + 1) : found;
            }
        } else if (value instanceof String text) {
            Matcher sentence = SENTENCE.matcher(text);
            found = sentence.find() ? parseDuration(sentence.group(1)) : null;
        }
        return found;
    }

    private static String normalize(String name) {
        return name.replace("_", "").replace("-", "").toLowerCase(Locale.ROOT);
    }

    /** Returns null for a value that is no delay. */
    private static BigDecimal toSeconds(Object value) {
        String text = value instanceof String || value instanceof Number
                ? value.toString().strip()
                : "";
        return NUMBER.matcher(text).matches()
                ? new BigDecimal(text)
                : DURATION.matcher(text).matches() ? parseDuration(text) : null;
    }

    private static BigDecimal parseDuration(String text) {
        BigDecimal seconds = BigDecimal.ZERO;
        Matcher parts = PART.matcher(text);
        while (parts.find()) {
            seconds = seconds.add(scale(new BigDecimal(parts.group(1)), parts.group(2)));
        }
        return seconds;
    }

    /** @param amount may be null */
    private static BigDecimal scale(BigDecimal amount, String unit) {
        if (amount == null) {
            return null;
        }
        String lower = unit.toLowerCase(Locale.ROOT);
        return lower.startsWith("ms") || lower.startsWith("milli")
                ? amount.movePointLeft(3)
                : amount.multiply(BigDecimal.valueOf(lower.startsWith("h") ? 3600 : lower.startsWith("m") ? 60 : 1));
    }
}
