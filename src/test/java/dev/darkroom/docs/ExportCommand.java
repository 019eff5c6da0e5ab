package dev.darkroom.docs;

import dev.darkroom.config.SettingsLoader;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Parser of {@code export NAME=value ...} lines. */
final class ExportCommand {
    private ExportCommand() {}

    static boolean isExportScript(String script) {
        return script.lines().filter(line -> !line.isBlank()).allMatch(line -> assignments(line) != null);
    }

    /** Loads the settings as the service does. Fails when they are invalid or a variable is unknown. */
    static void assertAccepted(String script, Path directory) {
        Map<String, String> environment = new HashMap<>();
        script.lines().filter(line -> !line.isBlank()).forEach(line -> environment.putAll(assignments(line)));
        List<String> warnings = SettingsLoader.load(environment, directory).warnings();
        if (!warnings.isEmpty()) {
            throw new AssertionError(warnings);
        }
    }

    /** Returns null when the line is not an export command. */
    private static Map<String, String> assignments(String line) {
        List<String> words = ShellWordSplitter.split(line.replaceFirst("\\s+#.*", ""));
        if (words == null || words.size() < 2 || !words.get(0).equals("export")) {
            return null;
        }
        Map<String, String> assignments = new HashMap<>();
        for (String word : words.subList(1, words.size())) {
            String[] parts = word.split("=", 2);
            if (parts.length < 2) {
                return null;
            }
            assignments.put(parts[0], parts[1]);
        }
        return assignments;
    }
}
