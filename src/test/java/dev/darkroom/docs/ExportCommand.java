package dev.darkroom.docs;

import dev.darkroom.config.SettingsLoader;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Lines of {@code export NAME=value ...}, as the operator of a service types them. */
final class ExportCommand {
    private ExportCommand() {}

    static boolean isExportScript(String script) {
        return script.lines().filter(line -> !line.isBlank()).allMatch(line -> assignments(line) != null);
    }

    /** Loads the settings as a service does; fails when they are refused, or when it warns of a name. */
    static void assertAccepted(String script, Path directory) {
        Map<String, String> environment = new HashMap<>();
        script.lines().filter(line -> !line.isBlank()).forEach(line -> environment.putAll(assignments(line)));
        List<String> warnings = SettingsLoader.load(environment, directory).warnings();
        if (!warnings.isEmpty()) {
            throw new AssertionError(warnings);
        }
    }

    private static Map<String, String> assignments(String line) {
        List<String> words = ShellWordSplitter.split(line.replaceFirst("\\s+#.*", ""));
        if (words == null || words.size() < 2 || !words.get(0).equals("export")) {
            return null;
        }
        Map<String, String> assignments = new HashMap<>();
        for (String word : words.subList(1, words.size())) {
            String[] halves = word.split("=", 2);
            if (halves.length < 2) {
                return null;
            }
            assignments.put(halves[0], halves[1]);
        }
        return assignments;
    }
}
