package dev.darkroom.config;

import java.util.Locale;
import java.util.regex.Pattern;

/** How a setting of the file is called in the environment. */
final class EnvironmentName {
    static final String PREFIX = "DARKROOM_";
    /** Names the file of settings; no setting itself. */
    static final String FILE = PREFIX + "CONF";

    private static final Pattern HUMP = Pattern.compile("([a-z0-9])([A-Z])");

    private EnvironmentName() {}

    /** For {@code backend.apiKey} this is {@code DARKROOM_BACKEND_API_KEY}. */
    static String of(String path) {
        String words = HUMP.matcher(path.replace('.', '_')).replaceAll("$1_$2");
        return PREFIX + words.toUpperCase(Locale.ROOT);
    }
}
