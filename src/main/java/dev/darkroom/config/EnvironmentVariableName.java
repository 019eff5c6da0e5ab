package dev.darkroom.config;

import java.util.Locale;
import java.util.regex.Pattern;

/** Derives the environment variable of a setting. */
final class EnvironmentVariableName {
    static final String PREFIX = "DARKROOM_";
    /** Variable with the path of the settings file. Not a setting itself. */
    static final String SETTINGS_FILE_VARIABLE = PREFIX + "CONF";

    private static final Pattern WORD_BOUNDARY = Pattern.compile("([a-z0-9])([A-Z])");

    private EnvironmentVariableName() {}

    /** Returns {@code DARKROOM_BACKEND_API_KEY} for {@code backend.apiKey}. */
    static String of(String path) {
        String words =
                WORD_BOUNDARY.matcher(path.replace('.', '_').replace('-', '_')).replaceAll("$1_$2");
        return PREFIX + words.toUpperCase(Locale.ROOT);
    }
}
