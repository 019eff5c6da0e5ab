package dev.darkroom.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Path;
import java.util.Map;

/** Loads settings in a directory where nothing is, and hands back the line that refuses them. */
final class SettingsTestLoader {
    static final Path EMPTY_DIRECTORY = Path.of("/nowhere/at/all");

    private SettingsTestLoader() {}

    static Settings load(Map<String, String> environment) {
        return SettingsLoader.load(environment, EMPTY_DIRECTORY).settings();
    }

    static String errorOf(Map<String, String> environment) {
        return errorOf(environment, EMPTY_DIRECTORY);
    }

    /** The message, which is sure to be one line. */
    static String errorOf(Map<String, String> environment, Path workingDirectory) {
        SettingsException refused =
                catchThrowableOfType(SettingsException.class, () -> SettingsLoader.load(environment, workingDirectory));
        assertThat(refused).as("nothing was refused").isNotNull();
        assertThat(refused.getMessage()).doesNotContain("\n", "\r");
        assertThat(refused.getCause()).isNull();
        return refused.getMessage();
    }
}
