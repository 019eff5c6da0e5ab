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
final class Values {
    private final Map<String, Value> values = new LinkedHashMap<>();
    private final List<String> warnings = new ArrayList<>();

    Values(Map<String, String> defaults) {
        defaults.forEach((path, text) -> values.put(path, Value.ofDefault(path, text)));
    }

    Value get(String path) {
        Value value = values.get(path);
        if (value == null) {
            throw new IllegalStateException("The default settings lack " + path);
        }
        return value;
    }

    List<String> warnings() {
        return List.copyOf(warnings);
    }

    /** @throws SettingsException for the first setting that does not exist: a file is written for Darkroom alone */
    void layFile(String file, Map<String, String> settings) {
        settings.forEach((path, text) -> {
            if (values.containsKey(path)) {
                values.put(path, Value.ofFile(path, text, file));
            } else if (!text.isBlank() || !isSection(path)) {
                // A section whose every line is commented out is fine.
                throw new SettingsException(file + ": " + misfit(path));
            }
        });
    }

    /**
     * Names that do not exist only warn: other programs may have left them, and a cluster may set names of its own. An
     * empty variable counts as none, because that is what compose files make of one that is not set.
     */
    void layEnvironment(Map<String, String> environment) {
        Map<String, String> paths = new LinkedHashMap<>();
        values.keySet().forEach(path -> paths.put(EnvironmentName.of(path), path));
        new TreeMap<>(environment).forEach((name, text) -> {
            String path = paths.get(name);
            if (path != null && !text.isBlank()) {
                values.put(path, Value.ofEnvironment(path, text));
            } else if (path == null && name.startsWith(EnvironmentName.PREFIX) && !name.equals(EnvironmentName.FILE)) {
                warnings.add(unknownVariable(name, paths.keySet()));
            }
        });
    }

    private static String unknownVariable(String name, Set<String> names) {
        Collection<String> known = new ArrayList<>(names);
        known.add(EnvironmentName.FILE);
        return "unknown environment variable \"" + Value.oneLine(name) + "\" is ignored" + NearMiss.hint(name, known);
    }

    private boolean isSection(String path) {
        return values.keySet().stream().anyMatch(known -> known.startsWith(path + "."));
    }

    private String misfit(String path) {
        String quoted = '"' + Value.oneLine(path) + '"';
        if (isSection(path)) {
            return "expected settings below " + quoted + ", got a single value";
        }
        int dot = path.lastIndexOf('.');
        if (dot > 0 && values.containsKey(path.substring(0, dot))) {
            return "expected a single value for \"" + path.substring(0, dot) + "\", got settings below it";
        }
        return "unknown setting " + quoted + NearMiss.hint(path, values.keySet());
    }
}
