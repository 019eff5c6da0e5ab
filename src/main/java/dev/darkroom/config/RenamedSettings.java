package dev.darkroom.config;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Replaces earlier names of settings, which work for some versions more ({@code docs/releases.md}, "Deprecation"). A name of
 * {@code backend} applies to named backends too. Immutable.
 */
final class RenamedSettings {
    /** The earlier names that still work. Version 0.1.0 has none. */
    static final RenamedSettings CURRENT = new RenamedSettings(Map.of());

    private static final String BACKEND = "backend.";

    private final Map<String, String> renamed;

    /** @param renamed present path by earlier path, such as {@code http.port} */
    RenamedSettings(Map<String, String> renamed) {
        this.renamed = Map.copyOf(renamed);
    }

    /**
     * Returns the settings of a file with their present paths, in the same order.
     *
     * @param file its name in messages
     * @param warnings receives one line for each earlier name
     * @throws SettingsException when a setting has both names
     */
    Map<String, String> inFile(String file, Map<String, String> settings, List<String> warnings) {
        return replace(file + ": ", settings, this::presentPath, warnings);
    }

    /** As {@link #inFile}, for environment variables. Ignores empty ones. */
    Map<String, String> inEnvironment(
            Map<String, String> variables, Collection<String> backendNames, List<String> warnings) {
        Map<String, String> names = new LinkedHashMap<>();
        renamed.forEach((earlier, present) -> {
            names.put(EnvironmentVariableName.of(earlier), EnvironmentVariableName.of(present));
            if (earlier.startsWith(BACKEND)) {
                backendNames.forEach(backend -> names.put(
                        EnvironmentVariableName.of(LayeredSettings.ofBackend(backend, earlier)),
                        EnvironmentVariableName.of(LayeredSettings.ofBackend(backend, present))));
            }
        });
        return replace(
                "", variables, name -> variables.get(name).isBlank() ? name : names.getOrDefault(name, name), warnings);
    }

    /** Returns the paths that replace earlier ones. */
    Collection<String> presentPaths() {
        return renamed.values();
    }

    private String presentPath(String path) {
        String present = renamed.get(LayeredSettings.defaultPath(path));
        return present == null
                ? path
                : LayeredSettings.backendOf(path)
                        .map(backend -> LayeredSettings.ofBackend(backend, present))
                        .orElse(present);
    }

    private static Map<String, String> replace(
            String where, Map<String, String> given, Function<String, String> presentName, List<String> warnings) {
        Map<String, String> replaced = new LinkedHashMap<>();
        given.forEach((name, text) -> {
            String present = presentName.apply(name);
            if (!present.equals(name)) {
                if (!given.getOrDefault(present, "").isBlank()) {
                    throw new SettingsException(where + "expected one of \"" + present + "\" and its earlier name \""
                            + name + "\", got both");
                }
                warnings.add(where + "setting \"" + name + "\" is deprecated, use \"" + present + '"');
            }
            replaced.merge(present, text, (first, second) -> first.isBlank() ? second : first);
        });
        return replaced;
    }
}
