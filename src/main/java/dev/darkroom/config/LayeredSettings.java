package dev.darkroom.config;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The settings as text, layer on layer. The defaults decide which settings there are: a later layer may change one and
 * never add one.
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

    /** @throws SettingsException for the first setting that does not exist: a file is written for Darkroom alone */
    void applyFile(String file, Map<String, String> settings) {
        settings.forEach((path, text) -> {
            if (values.containsKey(path)) {
                values.put(path, SettingValue.ofFile(path, text, file));
            } else if (!text.isBlank() || !isSection(path)) {
                // A section whose every line is commented out is fine.
                throw new SettingsException(file + ": " + describeUnknownPath(path));
            }
        });
    }

    /**
     * Names that do not exist only warn: other programs may have left them, and a cluster may set names of its own. An
     * empty variable counts as none, because that is what compose files make of one that is not set.
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
                warnings.add(unknownVariable(name, paths.keySet()));
            }
        });
    }

    private static String unknownVariable(String name, Set<String> names) {
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
