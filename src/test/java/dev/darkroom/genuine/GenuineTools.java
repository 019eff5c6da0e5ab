package dev.darkroom.genuine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Installs programs of {@code src/test/genuine} and runs them. The methods block. */
final class GenuineTools {
    private static final Path SOURCES = Path.of("src/test/genuine").toAbsolutePath();
    private static final Path TARGET = Path.of("target/genuine").toAbsolutePath();

    private GenuineTools() {}

    /** Returns the directory with the sources of a tool. */
    static Path sources(String tool) {
        return SOURCES.resolve(tool);
    }

    /** Returns the directory for files of a tool. */
    static Path target(String tool) throws IOException {
        return Files.createDirectories(TARGET.resolve(tool));
    }

    /** Installs {@code requirements.txt} of a tool from PyPI unless it is installed, and returns the directory of its programs. */
    static Path installPython(String tool) throws IOException, InterruptedException {
        Path environment = target(tool).resolve("python");
        Path installed = target(tool).resolve("installed");
        if (!Files.exists(installed)) {
            run(tool, Map.of(), "python3", "-m", "venv", environment.toString());
            String requirements = sources(tool).resolve("requirements.txt").toString();
            run(tool, Map.of(), environment.resolve("bin/pip").toString(), "install", "--requirement", requirements);
            Files.createFile(installed);
        }
        return environment.resolve("bin");
    }

    /** Runs a program in the directory with the sources of a tool, and returns its standard output. Fails when the program fails. */
    static String run(String tool, Map<String, String> environment, String... command)
            throws IOException, InterruptedException {
        Path output = target(tool).resolve("output.txt");
        Path errors = target(tool).resolve("errors.txt");
        ProcessBuilder builder = new ProcessBuilder(List.of(command))
                .directory(sources(tool).toFile())
                .redirectOutput(output.toFile())
                .redirectError(errors.toFile());
        builder.environment().putAll(environment);
        Process process = start(builder);
        try {
            int status = process.waitFor();
            assertThat(status)
                    .as("%s: %s", List.of(command), Files.readString(errors))
                    .isZero();
            return Files.readString(output);
        } finally {
            process.destroy();
        }
    }

    private static Process start(ProcessBuilder builder) {
        try {
            return builder.start();
        } catch (IOException e) {
            throw new AssertionError(
                    "the profile \"genuine\" needs " + builder.command().get(0)
                            + ": install Python 3.10 or newer with venv, Node 18 or newer, and npm",
                    e);
        }
    }
}
