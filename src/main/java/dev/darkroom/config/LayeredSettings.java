package dev.darkroom.config;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Setting values as text: defaults, overridden by the file, overridden by the environment. The defaults define which settings
 * exist. In addition, the file may define backends, each with any setting of {@code backend}, and models. Not thread-safe.
 */
final class LayeredSettings {
    /** Sections with names chosen by the operator. They have no default. */
    static final List<String> NAMED_SECTIONS = List.of("backends", "models");

    private static final String BACKENDS = "backends.";
    private static final String MODELS = "models.";
    private static final Pattern BACKEND_SETTING = Pattern.compile("backends\\.(?<name>[a-z0-9-]{1,40})\\.(?<rest>.+)");
    private static final Pattern BACKEND = Pattern.compile("backends\\.[^.]+");
    private static final String BACKEND_NAME = "backend.name";

    private final Map<String, SettingValue> values = new LinkedHashMap<>();
    private final Set<String> backendNames = new LinkedHashSet<>();
    private final List<String> warnings = new ArrayList<>();
    private final RenamedSettings renamedSettings;
    private Map<String, String> environment = Map.of();

    LayeredSettings(Map<String, String> defaults, RenamedSettings renamedSettings) {
        this.renamedSettings = renamedSettings;
        defaults.forEach((path, text) -> values.put(path, SettingValue.ofDefault(path, text)));
    }

    /** Returns a value. A backend without a setting of its own has that of {@code backend}. */
    SettingValue get(String path) {
        Matcher backend = BACKEND_SETTING.matcher(path);
        if (backend.matches() && backend.group("rest").equals("name")) {
            return SettingValue.ofDefault(path, backend.group("name"));
        }
        SettingValue settingValue = values.getOrDefault(path, values.get(defaultPath(path)));
        if (settingValue == null) {
            throw new IllegalStateException("The default settings lack " + path);
        }
        return settingValue;
    }

    /** Returns the path of the default of a setting: for one of a named backend that below {@code backend}. */
    static String defaultPath(String path) {
        Matcher setting = BACKEND_SETTING.matcher(path);
        return setting.matches() ? "backend." + setting.group("rest") : path;
    }

    /** Returns the name of the backend that a setting belongs to; empty for other settings, also for the settings of {@code backend}. */
    static Optional<String> backendOf(String path) {
        Matcher setting = BACKEND_SETTING.matcher(path);
        return setting.matches() ? Optional.of(setting.group("name")) : Optional.empty();
    }

    /** Returns the path of a setting of a named backend. @param path below {@code backend} */
    static String ofBackend(String backend, String path) {
        return BACKENDS + backend + path.substring(path.indexOf('.'));
    }

    /** Returns the names of the configured backends, in the order of the file; none for the single one of {@code backend}. */
    List<String> backendNames() {
        return List.copyOf(backendNames);
    }

    /** Returns the models in the order of the file, without the prefix of their paths. */
    Map<String, SettingValue> models() {
        Map<String, SettingValue> models = new LinkedHashMap<>();
        values.forEach((path, value) -> {
            if (path.startsWith(MODELS)) {
                models.put(path.substring(MODELS.length()), value);
            }
        });
        return models;
    }

    /** Returns the applied environment variables. */
    Map<String, String> environment() {
        return environment;
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
        Map<String, String> settings = SettingsFileParser.parse(file, yaml);
        renamedSettings.inFile(file, settings, warnings).forEach((path, text) -> {
            if (values.containsKey(path) || path.startsWith(MODELS)) {
                values.put(path, SettingValue.ofFile(path, text, file));
            } else if (isBackendSetting(path)) {
                values.put(path, SettingValue.ofFile(path, text, file));
                backendNames.add(path.substring(BACKENDS.length(), path.indexOf('.', BACKENDS.length())));
            } else if (!text.isBlank()
                    || !isSection(path)
                    || BACKEND.matcher(path).matches()) {
                // A section without values is allowed: all of its lines may be commented out. A backend needs a URL.
                throw new SettingsException(file + ": " + describeUnknownPath(path));
            }
        });
    }

    /** Returns whether a path is a setting of a named backend. The name itself is the section. */
    private boolean isBackendSetting(String path) {
        String defaultPath = defaultPath(path);
        return !defaultPath.equals(path) && values.containsKey(defaultPath) && !defaultPath.equals(BACKEND_NAME);
    }

    /**
     * Overrides values by environment variables. Unknown {@code DARKROOM_} variables only cause a warning, because other programs
     * and orchestrators may set some. Ignores empty variables, because compose files pass unset variables as empty ones.
     */
    void applyEnvironment(Map<String, String> variables) {
        environment = Map.copyOf(variables);
        Map<String, String> paths = new LinkedHashMap<>();
        values.keySet().stream()
                .filter(path -> !path.startsWith(MODELS))
                .forEach(path -> paths.put(EnvironmentVariableName.of(path), path));
        for (String name : backendNames) {
            values.keySet().stream()
                    .filter(path -> path.startsWith("backend.") && !path.equals(BACKEND_NAME))
                    .map(path -> ofBackend(name, path))
                    .forEach(path -> paths.put(EnvironmentVariableName.of(path), path));
        }
        new TreeMap<>(renamedSettings.inEnvironment(variables, backendNames, warnings)).forEach((name, text) -> {
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
        String section = defaultPath(path) + ".";
        return section.equals(BACKENDS)
                || section.equals(MODELS)
                || BACKEND.matcher(path).matches()
                || values.keySet().stream().anyMatch(known -> known.startsWith(section));
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
        return "unknown setting " + quoted + NameSuggestion.suggest(defaultPath(path), values.keySet());
    }
}
