package dev.darkroom.config;

import java.lang.reflect.RecordComponent;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Names of all settings, for tests of other packages. */
public final class SettingVariableNames {
    private SettingVariableNames() {}

    /** Returns the environment variable of every setting. */
    public static Set<String> variables() {
        return SettingsLoader.defaults().keySet().stream()
                .map(EnvironmentVariableName::of)
                .collect(Collectors.toSet());
    }

    /** Returns the paths of the settings that are or contain secrets. Those of each AI server are below {@code backend}. */
    public static Set<String> secretPaths() {
        return Stream.concat(secretPaths("", Settings.class), secretPaths("backend.", BackendSettings.class))
                .collect(Collectors.toSet());
    }

    private static Stream<String> secretPaths(String prefix, Class<?> record) {
        return Stream.of(record.getRecordComponents()).flatMap(component -> secretPaths(prefix, component));
    }

    private static Stream<String> secretPaths(String prefix, RecordComponent component) {
        Class<?> type = component.getType();
        String path = prefix + component.getName();
        if (type == Secret.class || type == DatabaseUrl.class) {
            return Stream.of(path);
        }
        return type.isRecord() ? secretPaths(path + '.', type) : Stream.empty();
    }
}
