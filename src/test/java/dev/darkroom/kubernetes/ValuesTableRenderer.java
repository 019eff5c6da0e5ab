package dev.darkroom.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.testing.YamlComments;
import java.util.Map;
import java.util.Set;

/** Renders the values of the chart as a Markdown table. A map that the schema leaves open is one value. */
final class ValuesTableRenderer {
    private static final String VALUES = "values.yaml";

    private final Map<String, String> descriptions = YamlComments.descriptions(HelmChart.text(VALUES));
    private final Set<String> commented = YamlComments.commentedKeys(HelmChart.text(VALUES));
    private final StringBuilder table = new StringBuilder("| value | default | what it is |\n|---|---|---|\n");

    private ValuesTableRenderer() {}

    /** Returns the table with a trailing line break. */
    static String render() {
        ValuesTableRenderer renderer = new ValuesTableRenderer();
        renderer.appendRows("", HelmChart.yaml(VALUES), HelmChart.yaml("values.schema.json"));
        return renderer.table.toString();
    }

    private void appendRows(String prefix, JsonNode values, JsonNode schema) {
        for (Map.Entry<String, JsonNode> field : values.properties()) {
            String path = prefix + field.getKey();
            JsonNode value = field.getValue();
            JsonNode fieldSchema = schema.path("properties").path(field.getKey());
            if (value.isObject() && !value.isEmpty() && !isOpen(fieldSchema)) {
                appendSectionRow(path, path + '.' + value.fieldNames().next());
                appendRows(path + '.', value, fieldSchema);
            } else {
                appendRow(path, format(value));
            }
        }
    }

    /** Returns whether any keys are allowed. */
    private static boolean isOpen(JsonNode schema) {
        return schema.path("$ref").asText().equals("#/$defs/texts")
                || (schema.path("type").asText().equals("object") && !schema.has("properties"));
    }

    /** Appends a row for a section with its own description, besides the rows of its values. */
    private void appendSectionRow(String section, String firstValue) {
        if (commented.contains(section) && commented.contains(firstValue)) {
            appendRow(section, "");
        }
    }

    private void appendRow(String path, String value) {
        table.append("| `%s` | %s | %s |\n".formatted(path, value, descriptions.getOrDefault(path, "")));
    }

    private static String format(JsonNode value) {
        if (value.isContainerNode()) {
            return value.isEmpty() ? "*none*" : "*as in the file*";
        }
        return value.asText().isEmpty() ? "*empty*" : '`' + value.asText() + '`';
    }
}
