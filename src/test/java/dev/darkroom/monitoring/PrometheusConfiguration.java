package dev.darkroom.monitoring;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Writes the configuration of {@code conf/monitoring} with other targets and intervals, and copies its rules. */
final class PrometheusConfiguration {
    private PrometheusConfiguration() {}

    /**
     * Writes the configuration and returns its file.
     *
     * @param targets host and port of each process
     */
    static Path write(Path directory, List<String> targets, Duration interval) throws IOException {
        for (Path rules : List.of(MonitoringRules.RECORDING_RULES, MonitoringRules.ALERTS)) {
            Files.copy(rules, directory.resolve(rules.getFileName()));
        }
        ObjectNode configuration =
                (ObjectNode) MonitoringRules.yaml(MonitoringRules.DIRECTORY.resolve("prometheus.yml"));
        String seconds = interval.toSeconds() + "s";
        ((ObjectNode) configuration.get("global"))
                .put("scrape_interval", seconds)
                .put("scrape_timeout", seconds)
                .put("evaluation_interval", seconds);
        ArrayNode list = (ArrayNode) configuration
                .get("scrape_configs")
                .get(0)
                .get("static_configs")
                .get(0)
                .get("targets");
        list.removeAll();
        targets.forEach(list::add);
        Path file = directory.resolve("prometheus.yml");
        new YAMLMapper().writeValue(file.toFile(), configuration);
        return file;
    }
}
