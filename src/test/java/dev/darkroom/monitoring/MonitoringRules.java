package dev.darkroom.monitoring;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The rules of Prometheus in {@code conf/monitoring}. */
final class MonitoringRules {
    static final Path DIRECTORY = Path.of("conf/monitoring");
    static final Path RECORDING_RULES = DIRECTORY.resolve("darkroom-rules.yml");
    static final Path ALERTS = DIRECTORY.resolve("darkroom-alerts.yml");

    private MonitoringRules() {}

    /**
     * A recording rule or an alert.
     *
     * @param name of the recorded metric or of the alert
     * @param waits value of {@code for}; empty when the alert fires at once
     */
    record Rule(
            String name, String expression, String waits, Map<String, String> labels, Map<String, String> annotations) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Rule> recordingRules() {
        return rules(RECORDING_RULES, "record");
    }

    static List<Rule> alerts() {
        return rules(ALERTS, "alert");
    }

    private static List<Rule> rules(Path file, String nameField) {
        List<Rule> rules = new ArrayList<>();
        for (JsonNode group : yaml(file).get("groups")) {
            for (JsonNode rule : group.get("rules")) {
                rules.add(new Rule(
                        rule.required(nameField).asText(),
                        rule.required("expr").asText(),
                        rule.path("for").asText(),
                        texts(rule.path("labels")),
                        texts(rule.path("annotations"))));
            }
        }
        return rules;
    }

    static JsonNode yaml(Path file) {
        try {
            return new YAMLMapper().readTree(file.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, String> texts(JsonNode object) {
        Map<String, String> texts = new TreeMap<>();
        object.fields()
                .forEachRemaining(
                        field -> texts.put(field.getKey(), field.getValue().asText()));
        return texts;
    }
}
