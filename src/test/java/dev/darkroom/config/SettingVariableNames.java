package dev.darkroom.config;

import java.util.Set;
import java.util.stream.Collectors;

/** Names of all settings, for tests of other packages. */
public final class SettingVariableNames {
    private SettingVariableNames() {}

    /** Returns the environment variable of every setting. */
    public static Set<String> variables() {
        return SettingsLoader.defaults().keySet().stream()
                .map(EnvironmentVariableName::of)
                .collect(Collectors.toSet());
    }
}
