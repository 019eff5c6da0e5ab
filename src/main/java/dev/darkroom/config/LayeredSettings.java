package dev.darkroom.config;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Setting values as text: defaults, overridden by the file, overridden by the environment. The defaults define which settings
 * exist. Not thread-safe.
 */
final class LayeredSettings {
    private final Map<String, SettingValue> values = new LinkedHashMap<>();
    private final List<String> warnings = new ArrayList<>();

    LayeredSettings(Map<String, String> defaults) {
        defaults.forEach((path, text) -> values.put(path, SettingValue.ofDefault(path, text)));
    }

    SettingValue get(String path) {
        SettingValue settingValue = values.get(path);
        if (settingValue == null) {
            throw new IllegalStateException("The default settings lack " + path);
        }
        return settingValue;
    }

    List<String> warnings() {
        return List.copyOf(warnings);
    }

    /**
     * Overrides defaults by values of a file.
     *
     * @throws SettingsException for the first setting that does not exist, since a settings file serves Darkroom alone
     */
    void applyFile(String file, String yaml) {
        SettingsFileParser.parse(file, yaml).forEach((path, text) -> {
            if (values.containsKey(path)) {
                values.put(path, SettingValue.ofFile(path, text, file));
            } else if (!text.isBlank() || !isSection(path)) {
                // A section without values is allowed: all of its lines may be commented out.
                throw new SettingsException(file + ": " + describeUnknownPath(path));
            }
        });
    }

    /**
     * Overrides values by environment variables. Unknown {@code DARKROOM_} variables only cause a warning, because other programs
     * and orchestrators may set some. Ignores empty variables, because compose files pass unset variables as empty ones.
     */
    void applyEnvironment(Map<String, String> environment) {
        Map<String, String> paths = new LinkedHashMap<>();
        values.keySet().forEach(path -> paths.put(EnvironmentVariableName.of(path), path));
        new TreeMap<>(environment).forEach((name, text) -> {
            String path = paths.get(name);
            if (path != null && !text.isBlank()) {
                values.put(path, SettingValue.ofEnvironment(path, text));
            } else if (path == null
                    && name.startsWith(EnvironmentVariableName.PREFIX)
                    && !name.equals(EnvironmentVariableName.SETTINGS_FILE_VARIABLE)) {
                warnings.add(unknownVariableWarning(name, paths.keySet()));
            }
        });
    }

    private static String unknownVariableWarning(String name, Set<String> names) {
        Collection<String> known = new ArrayList<>(names);
        known.add(EnvironmentVariableName.SETTINGS_FILE_VARIABLE);
        return "unknown environment variable \"" + SettingValue.toSingleLine(name) + "\" is ignored"
                + NameSuggestion.suggest(name, known);
    }

    private boolean isSection(String path) {
        return values.keySet().stream().anyMatch(known -> known.startsWith(path + "."));
    }

    private String describeUnknownPath(String path) {
        String quoted = '"' + SettingValue.toSingleLine(path) + '"';
        if (isSection(path)) {
            return "expected settings below " + quoted + ", got a single value";
        }
        int dot = path.lastIndexOf('.');
        if (dot > 0 && values.containsKey(path.substring(0, dot))) {
            return "expected a single value for \"" + path.substring(0, dot) + "\", got settings below it";
        }
        return "unknown setting " + quoted + NameSuggestion.suggest(path, values.keySet());
    }
}
