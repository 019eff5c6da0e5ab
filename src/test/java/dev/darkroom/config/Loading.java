package dev.darkroom.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Path;
import java.util.Map;

/** Loads settings in a directory where nothing is, and hands back the line that refuses them. */
final class Loading {
    static final Path NOWHERE = Path.of("/nowhere/at/all");

    private Loading() {}

    static Settings settings(Map<String, String> environment) {
        return SettingsLoader.load(environment, NOWHERE).settings();
    }

    static String refusal(Map<String, String> environment) {
        return refusal(environment, NOWHERE);
    }

    /** The message, which is sure to be one line. */
    static String refusal(Map<String, String> environment, Path workingDirectory) {
        SettingsException refused =
                catchThrowableOfType(SettingsException.class, () -> SettingsLoader.load(environment, workingDirectory));
        assertThat(refused).as("nothing was refused").isNotNull();
        assertThat(refused.getMessage()).doesNotContain("\n", "\r");
        assertThat(refused.getCause()).isNull();
        return refused.getMessage();
    }
}
