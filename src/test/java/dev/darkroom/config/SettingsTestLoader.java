package dev.darkroom.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Path;
import java.util.Map;

/** Loads settings without a settings file, or returns the message of the error. */
final class SettingsTestLoader {
    static final Path EMPTY_DIRECTORY = Path.of("/nowhere/at/all");

    private SettingsTestLoader() {}

    static Settings load(Map<String, String> environment) {
        return SettingsLoader.load(environment, EMPTY_DIRECTORY).settings();
    }

    static String errorOf(Map<String, String> environment) {
        return errorOf(environment, EMPTY_DIRECTORY);
    }

    /** Returns the error message after checking that it is one line without a cause. */
    static String errorOf(Map<String, String> environment, Path workingDirectory) {
        SettingsException exception =
                catchThrowableOfType(SettingsException.class, () -> SettingsLoader.load(environment, workingDirectory));
        assertThat(exception).as("settings were accepted").isNotNull();
        assertThat(exception.getMessage()).doesNotContain("\n", "\r");
        assertThat(exception.getCause()).isNull();
        return exception.getMessage();
    }
}
