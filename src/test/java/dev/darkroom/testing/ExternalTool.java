package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Installs a program that a Maven profile needs, and runs it. The methods block.
 *
 * @param profile name of the profile, and of the directory in {@code src/test} and {@code target}
 * @param name directory of the tool
 */
public record ExternalTool(String profile, String name) {

    /** Returns the directory with the sources of the tool. */
    public Path sources() {
        return Path.of("src/test", profile, name).toAbsolutePath();
    }

    /** Returns the directory for files of the tool. */
    public Path target() throws IOException {
        return Files.createDirectories(Path.of("target", profile, name).toAbsolutePath());
    }

    /**
     * Installs {@code requirements.txt} from PyPI unless it is installed, and returns the directory of its programs.
     *
     * @param options of pip
     */
    public Path installPython(String... options) throws IOException, InterruptedException {
        Path environment = target().resolve("python");
        installOnce(() -> {
            run(Map.of(), "python3", "-m", "venv", environment.toString());
            String requirements = sources().resolve("requirements.txt").toString();
            String pip = environment.resolve("bin/pip").toString();
            List<String> command = new ArrayList<>(List.of(pip, "install", "--requirement", requirements));
            command.addAll(List.of(options));
            run(Map.of(), command.toArray(String[]::new));
        });
        return environment.resolve("bin");
    }

    /** Copies the dependencies of {@code pom.xml} unless they are copied, and returns their directory. */
    public Path installMaven() throws IOException, InterruptedException {
        Path jars = target().resolve("jars");
        installOnce(() -> run(
                Map.of(),
                Path.of("mvnw").toAbsolutePath().toString(),
                "-B",
                "-q",
                "dependency:copy-dependencies",
                "-DoutputDirectory=" + jars));
        return jars;
    }

    private interface Installation {
        void run() throws IOException, InterruptedException;
    }

    private void installOnce(Installation installation) throws IOException, InterruptedException {
        Path installed = target().resolve("installed");
        if (!Files.exists(installed)) {
            installation.run();
            Files.createFile(installed);
        }
    }

    /**
     * Runs a program in the directory with the sources, and returns its standard output. Fails when the program fails. Programs of one tool
     * may run at the same time.
     */
    public String run(Map<String, String> environment, String... command) throws IOException, InterruptedException {
        Path output = Files.createTempFile(target(), "output", ".txt");
        Path errors = Files.createTempFile(target(), "errors", ".txt");
        ProcessBuilder builder = new ProcessBuilder(List.of(command))
                .directory(sources().toFile())
                .redirectOutput(output.toFile())
                .redirectError(errors.toFile());
        builder.environment().putAll(environment);
        Process process = start(builder);
        try {
            int status = process.waitFor();
            assertThat(status)
                    .as("%s %s: %s%s", name, command[0], Files.readString(output), Files.readString(errors))
                    .isZero();
            return Files.readString(output);
        } finally {
            process.destroy();
            Files.delete(output);
            Files.delete(errors);
        }
    }

    /** Starts a program of the tool. */
    public Process start(ProcessBuilder builder) {
        try {
            return builder.start();
        } catch (IOException e) {
            throw new AssertionError(
                    "the profile \"" + profile + "\" needs "
                            + builder.command().get(0)
                            + ": CONTRIBUTING.md lists what to install",
                    e);
        }
    }
}
