package dev.darkroom.monitoring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ExternalTool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs the tools of the profile {@code monitoring}: promtool, and Go for the schema of Grafana. The methods block. */
final class MonitoringTools {
    private static final ExternalTool PROMETHEUS = new ExternalTool("monitoring", "prometheus");
    private static final ExternalTool SCHEMA = new ExternalTool("monitoring", "grafana-schema");

    private MonitoringTools() {}

    /** Starts a program. Fails when it is not installed. */
    static Process start(ProcessBuilder builder) {
        return PROMETHEUS.start(builder);
    }

    /** Runs promtool and returns its output. Fails when promtool fails. */
    static String promtool(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("promtool"));
        command.addAll(List.of(arguments));
        Process process = start(new ProcessBuilder(command).redirectErrorStream(true));
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as("%s: %s", command, output).isZero();
        return output;
    }

    /** Checks dashboards against the schema of Grafana. */
    static void checkSchema(List<Path> dashboards) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("go", "run", "."));
        dashboards.forEach(file -> command.add(file.toAbsolutePath().toString()));
        SCHEMA.run(Map.of(), command.toArray(String[]::new));
    }
}
