package dev.darkroom.config;

import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What one setting was given, before it is understood. Every complaint about it is made here, so that all of them name
 * the setting the way the operator wrote it, stay on one line and never show a secret.
 *
 * @param path as in the file, such as {@code retry.initialDelay}
 * @param text without surrounding white space; empty when nothing was given
 * @param label how messages name it: by the environment name, the file, or both names for a default
 * @param origin where it came from, to stand behind its value in a message about another setting
 */
record SettingValue(String path, String text, String label, String origin) {
    private static final Set<String> SECRET_PATHS = Set.of("database.url", "database.directUrl", "backend.apiKey");
    private static final Pattern WHOLE_NUMBER = Pattern.compile("-?[0-9]{1,18}");
    /** PostgreSQL and sockets count milliseconds in 32 bits, which end after 596 hours. */
    private static final Duration MAX_DURATION = Duration.ofHours(500);

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

    int integer(int least, int most) {
        String expected = "a whole number from " + least + " to " + most;
        if (!WHOLE_NUMBER.matcher(text).matches()) {
            throw expected(expected);
        }
        long number = Long.parseLong(text);
        if (number < least || number > most) {
            throw expected(expected);
        }
        return (int) number;
    }

    Duration duration() {
        return duration(Duration.ofMillis(1));
    }

    Duration duration(Duration least) {
        return duration(least, MAX_DURATION);
    }

    Duration duration(Duration least, Duration most) {
        Duration duration;
        try {
            duration = DurationFormat.parse(text);
        } catch (IllegalArgumentException e) {
            throw expected("a duration such as 250ms, 1s or 15m");
        }
        if (duration.compareTo(least) < 0 || duration.compareTo(most) > 0) {
            throw expected("a duration from " + DurationFormat.format(least) + " to " + DurationFormat.format(most));
        }
        return duration;
    }

    /** Whole seconds, from none. */
    Duration wholeSeconds(Duration most) {
        Duration duration = duration(Duration.ZERO, most);
        if (!duration.equals(Duration.ofSeconds(duration.toSeconds()))) {
            throw expected("whole seconds");
        }
        return duration;
    }

    /** The text, if it follows the pattern. {@code expected} says in words what the pattern says. */
    String matching(Pattern pattern, String expected) {
        if (!pattern.matcher(text).matches()) {
            throw expected(expected);
        }
        return text;
    }

    /** For messages about another setting: {@code retry.initialDelay (2m, from DARKROOM_RETRY_INITIAL_DELAY)}. */
    String describe() {
        return path + " (" + displayText() + ", " + origin + ")";
    }

    SettingsException expected(String what) {
        return new SettingsException(label + ": expected " + what + ", got " + describeActual());
    }

    private String describeActual() {
        if (isEmpty()) {
            return "nothing";
        }
        // A URL may carry a password or a key whatever the setting: whoever mixes up two names must not find it in a
        // log.
        boolean mayBeSecret = SECRET_PATHS.contains(path) || text.indexOf('@') >= 0 || text.indexOf('?') >= 0;
        return mayBeSecret ? "a value that is not shown" : '"' + displayText() + '"';
    }

    private String displayText() {
        return toSingleLine(text);
    }

    /** Somebody else's text, cut and escaped so that it can stand in a message of one line. */
    static String toSingleLine(String text) {
        StringBuilder line = new StringBuilder();
        text.codePoints().limit(100).forEach(c -> {
            if (Character.isISOControl(c)
                    || c == 0x2028
                    || c == 0x2029
                    || Character.getType(c) == Character.SURROGATE) {
                line.append(String.format(Locale.ROOT, "\\u%04x", c));
            } else {
                line.appendCodePoint(c);
            }
        });
        return line.append(text.codePointCount(0, text.length()) > 100 ? "..." : "")
                .toString();
    }

    /** Not the text: it may be a secret. */
    @Override
    public String toString() {
        return label;
    }
}
