package dev.darkroom.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.config.SettingsLoader.LoadedSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.assertj.core.api.Assertions;

/** Loads the settings of a pod as Darkroom would in it: from its files and its environment. */
final class PodSettings {
    static final String DATABASE_URL = "postgresql://darkroom:secret-of-the-database@db.example.org/darkroom";
    static final String POD_IP = "10.1.2.3";

    /** Keys of URLs of the database in the secrets of the values. */
    private static final Set<String> DATABASE_KEYS = Set.of("url", "directUrl", "uri");

    private static final Pattern REFERENCE = Pattern.compile("\\$\\(([A-Z_]+)\\)");

    private PodSettings() {}

    /**
     * @param directory in place of the root of the file system of the container
     */
    static Settings load(RenderedChart chart, JsonNode pod, Path directory) {
        Map<String, String> environment = prepare(chart, pod, directory, DATABASE_URL);
        LoadedSettings loaded = SettingsLoader.load(environment, directory);
        Assertions.assertThat(loaded.warnings()).isEmpty();
        return loaded.settings();
    }

    /**
     * Writes the files of a pod, and returns its environment.
     *
     * @param directory in place of the root of the file system of the container
     * @param databaseUrl the URL in the secret
     */
    static Map<String, String> prepare(RenderedChart chart, JsonNode pod, Path directory, String databaseUrl) {
        writeFiles(chart, directory);
        return environment(RenderedChart.container(pod), directory, databaseUrl);
    }

    private static void writeFiles(RenderedChart chart, Path directory) {
        Path settings = directory.resolve("etc/darkroom/settings");
        try {
            Files.createDirectories(settings);
            for (Map.Entry<String, JsonNode> file :
                    settingsMap(chart).path("data").properties()) {
                String text = file.getValue().asText();
                Files.writeString(settings.resolve(file.getKey()), inDirectory(text, directory));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JsonNode settingsMap(RenderedChart chart) {
        return chart.ofKind("ConfigMap")
                .filter(map -> map.path("data").has("darkroom.yaml"))
                .findFirst()
                .orElseThrow();
    }

    private static String inDirectory(String text, Path directory) {
        return text.replace("/etc/darkroom/", directory + "/etc/darkroom/")
                .replace("/var/lib/darkroom", directory + "/var/lib/darkroom");
    }

    private static Map<String, String> environment(JsonNode container, Path directory, String databaseUrl) {
        Map<String, String> environment = new HashMap<>();
        for (JsonNode variable : container.path("env")) {
            String name = variable.path("name").asText();
            String value = variable.has("value")
                    ? variable.path("value").asText()
                    : source(variable.path("valueFrom"), databaseUrl);
            Matcher reference = REFERENCE.matcher(value);
            environment.put(
                    name, inDirectory(reference.replaceAll(found -> environment.get(found.group(1))), directory));
        }
        return environment;
    }

    private static String source(JsonNode valueFrom, String databaseUrl) {
        if (valueFrom.has("fieldRef")) {
            return POD_IP;
        }
        String key = valueFrom.at("/secretKeyRef/key").asText();
        return DATABASE_KEYS.contains(key) ? databaseUrl : "value-of-" + key;
    }
}
