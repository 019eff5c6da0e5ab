package dev.darkroom.config;

import java.util.Locale;
import java.util.regex.Pattern;

/** How a setting of the file is called in the environment. */
final class EnvironmentVariableName {
    static final String PREFIX = "DARKROOM_";
    /** Names the file of settings; no setting itself. */
    static final String SETTINGS_FILE_VARIABLE = PREFIX + "CONF";

    private static final Pattern WORD_BOUNDARY = Pattern.compile("([a-z0-9])([A-Z])");

    private EnvironmentVariableName() {}

    /** For {@code backend.apiKey} this is {@code DARKROOM_BACKEND_API_KEY}. */
    static String of(String path) {
        String words = WORD_BOUNDARY.matcher(path.replace('.', '_')).replaceAll("$1_$2");
        return PREFIX + words.toUpperCase(Locale.ROOT);
    }
}
