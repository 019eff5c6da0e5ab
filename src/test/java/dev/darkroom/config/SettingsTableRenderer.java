package dev.darkroom.config;

import dev.darkroom.testing.YamlComments;
import java.util.Map;

/** Renders the default settings file as a Markdown table. */
final class SettingsTableRenderer {
    private SettingsTableRenderer() {}

    /**
     * Returns the table with a trailing line break.
     *
     * @param yaml the default file as text, for its comments
     * @param defaults the same file as settings
     */
    static String render(String yaml, Map<String, String> defaults) {
        Map<String, String> descriptions = YamlComments.descriptions(yaml);
        StringBuilder markdown =
                new StringBuilder("| setting | environment | default | what it is |\n|---|---|---|---|\n");
        defaults.forEach((path, text) -> markdown.append("| `")
                .append(path)
                .append("` | `")
                .append(EnvironmentVariableName.of(path))
                .append("` | ")
                .append(text.isEmpty() ? "*empty*" : '`' + text + '`')
                .append(" | ")
                .append(descriptions.getOrDefault(path, ""))
                .append(" |\n"));
        return markdown.toString();
    }
}
