package dev.darkroom.config;

import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Text of one setting before parsing, with its origin. Creates all error messages about the setting. The messages name the
 * setting as the operator wrote it, have one line and never contain a secret.
 *
 * @param path as in the file, such as {@code http.port}
 * @param text without surrounding white space; empty when there is none
 * @param label name for messages: the environment variable, file and path, or path and variable of a default
 * @param origin source of the value, for messages about another setting, such as {@code from DARKROOM_HTTP_PORT}
 */
record SettingValue(String path, String text, String label, String origin) {
    private static final Set<String> SECRET_PATHS = Set.of("database.url", "database.directUrl", "tracing.headers");
    private static final Pattern TRUE_OR_FALSE = Pattern.compile("true|false");
    private static final Pattern RATIO = Pattern.compile("0(\\.[0-9]{1,9})?|1(\\.0{1,9})?");
    private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cc}\\p{Cs}\\u2028\\u2029]");
    private static final Pattern WHOLE_NUMBER = Pattern.compile("-?[0-9]{1,18}");

    static SettingValue ofDefault(String path, String text) {
        return new SettingValue(
                path, text.strip(), path + " (" + EnvironmentVariableName.of(path) + ")", "the default");
    }

    static SettingValue ofFile(String path, String text, String file) {
        return new SettingValue(path, text.strip(), file + ": " + path, "from " + file);
    }

    static SettingValue ofEnvironment(String path, String text) {
        String name = EnvironmentVariableName.of(path);
        return new SettingValue(path, text.strip(), name, "from " + name);
    }

    boolean isEmpty() {
        return text.isEmpty();
    }

    boolean bool() {
        return matching(TRUE_OR_FALSE, "true or false").equals("true");
    }

    int integer(int min, int max) {
        String expected = "a whole number from " + min + " to " + max;
        if (!WHOLE_NUMBER.matcher(text).matches()) {
            throw expected(expected);
        }
        long number = Long.parseLong(text);
        if (number < min || number > max) {
            throw expected(expected);
        }
        return (int) number;
    }

    /** Returns a number from 0 to 1. */
    double ratio() {
        return Double.parseDouble(matching(RATIO, "a number from 0 to 1 such as 0.05"));
    }

    /** Returns a duration between two bounds in the format of {@link DurationFormat}. */
    Duration duration(String min, String max) {
        Duration duration;
        try {
            duration = DurationFormat.parse(text);
        } catch (IllegalArgumentException e) {
            throw expected("a duration such as 250ms, 1s or 15m");
        }
        if (duration.compareTo(DurationFormat.parse(min)) < 0 || duration.compareTo(DurationFormat.parse(max)) > 0) {
            throw expected("a duration from " + min + " to " + max);
        }
        return duration;
    }

    /**
     * Returns the text when it matches the pattern.
     *
     * @param expected description of the pattern for the error message
     * @throws SettingsException when the text does not match
     */
    String matching(Pattern pattern, String expected) {
        if (!pattern.matcher(text).matches()) {
            throw expected(expected);
        }
        return text;
    }

    /** Returns path, value and origin for messages about another setting: {@code http.port (80, from DARKROOM_HTTP_PORT)}. */
    String describe() {
        return path + " (" + displayText() + ", " + origin + ")";
    }

    /** Creates the exception for a value that is not {@code expected}. */
    SettingsException expected(String expected) {
        return new SettingsException(label + ": expected " + expected + ", got " + describeActual());
    }

    private String describeActual() {
        if (isEmpty()) {
            return "nothing";
        }
        // Redacts URLs that may contain a password or key, for any setting: operators may confuse two variables.
        boolean mayBeSecret = SECRET_PATHS.contains(path)
                || path.endsWith(".apiKey")
                || path.endsWith(".apiKeys")
                || text.indexOf('@') >= 0
                || text.indexOf('?') >= 0;
        return mayBeSecret ? "a value that is not shown" : '"' + displayText() + '"';
    }

    private String displayText() {
        return toSingleLine(text);
    }

    /** Escapes control characters and truncates to 100 characters, so that external text fits into a one-line message. */
    static String toSingleLine(String text) {
        boolean truncated = text.codePointCount(0, text.length()) > 100;
        String start = truncated ? text.substring(0, text.offsetByCodePoints(0, 100)) + "..." : text;
        return UNPRINTABLE
                .matcher(start)
                .replaceAll(found -> String.format(
                        Locale.ROOT, "\\\\u%04x", (int) found.group().charAt(0)));
    }

    /** Omits the text, which may be a secret. */
    @Override
    public String toString() {
        return label;
    }
}
