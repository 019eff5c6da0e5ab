package dev.darkroom.config;

import java.util.Set;
import java.util.stream.Collectors;

/** The names of all settings, for tests of other packages. */
public final class SettingVariableNames {
    private SettingVariableNames() {}

    /** As environment variables. */
    public static Set<String> variables() {
        return SettingsLoader.defaults().keySet().stream()
                .map(EnvironmentVariableName::of)
                .collect(Collectors.toSet());
    }
}
