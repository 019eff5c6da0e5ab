package dev.darkroom.config;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Renders the default settings file as a Markdown table. The comment above a setting is its description. Settings below one
 * comment without an empty line between share it.
 */
final class SettingsTableRenderer {
    private static final Pattern COMMENT = Pattern.compile(" *# ?(.*)");
    private static final Pattern KEY = Pattern.compile("( *)([A-Za-z0-9]+):.*");

    private final Map<String, String> descriptions = new LinkedHashMap<>();
    private final Deque<String> sections = new ArrayDeque<>();
    private final List<String> comment = new ArrayList<>();
    private String description = "";

    private SettingsTableRenderer() {}

    /**
     * Returns the table with a trailing line break.
     *
     * @param yaml the default file as text, for its comments
     * @param defaults the same file as settings
     */
    static String render(String yaml, Map<String, String> defaults) {
        SettingsTableRenderer table = new SettingsTableRenderer();
        yaml.lines().forEach(table::readLine);
        StringBuilder markdown =
                new StringBuilder("| setting | environment | default | what it is |\n|---|---|---|---|\n");
        defaults.forEach((path, text) -> markdown.append("| `")
                .append(path)
                .append("` | `")
                .append(EnvironmentVariableName.of(path))
                .append("` | ")
                .append(text.isEmpty() ? "*empty*" : '`' + text + '`')
                .append(" | ")
                .append(table.descriptions.getOrDefault(path, ""))
                .append(" |\n"));
        return markdown.toString();
    }

    private void readLine(String line) {
        Matcher key = KEY.matcher(line);
        Matcher remark = COMMENT.matcher(line);
        if (remark.matches()) {
            comment.add(remark.group(1));
        } else if (key.matches()) {
            readKey(key.group(1).length() / 2, key.group(2));
        } else {
            comment.clear();
            description = "";
        }
    }

    private void readKey(int depth, String name) {
        while (sections.size() > depth) {
            sections.removeLast();
        }
        if (!comment.isEmpty()) {
            description = String.join(" ", comment).replace("|", "\\|").replace("<", "&lt;");
            comment.clear();
        }
        sections.addLast(name);
        descriptions.put(String.join(".", sections), description);
    }
}
