package dev.darkroom.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The files of the Helm chart. */
final class HelmChart {
    static final Path DIRECTORY = Path.of("src/main/helm/darkroom");

    private HelmChart() {}

    static JsonNode yaml(String file) {
        try {
            return new YAMLMapper().readTree(text(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String text(String file) {
        try {
            return Files.readString(DIRECTORY.resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the paths of all operations of the contract. */
    static Set<String> contractPaths() throws IOException {
        Set<String> paths = new HashSet<>();
        new YAMLMapper()
                .readTree(Files.readString(Path.of("openapi.yaml")))
                .path("paths")
                .fieldNames()
                .forEachRemaining(paths::add);
        return paths;
    }

    /** Returns the text of all templates. */
    static String templates() {
        try (Stream<Path> files = Files.walk(DIRECTORY.resolve("templates"))) {
            return files.filter(Files::isRegularFile)
                    .map(file -> text(DIRECTORY.relativize(file).toString()))
                    .collect(Collectors.joining("\n"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
