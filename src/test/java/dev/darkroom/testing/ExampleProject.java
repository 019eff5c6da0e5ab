package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * A directory of {@code src/examples}. Runs the commands of its {@code README.md} in a copy of the directory. The methods block.
 */
public final class ExampleProject {
    private static final Pattern COMMANDS = Pattern.compile("```\ncd (src/examples/\\S+)\n(.*?)```", Pattern.DOTALL);

    private final Path copy;
    private final String startCommand;

    private ExampleProject(Path copy, String startCommand) {
        this.copy = copy;
        this.startCommand = startCommand;
    }

    /** Copies an example and runs the commands of its page up to the last one, which starts it. */
    public static ExampleProject install(String name) throws IOException, InterruptedException {
        Path sources = Path.of("src/examples", name);
        Matcher commands = COMMANDS.matcher(Files.readString(sources.resolve("README.md")));
        assertThat(commands.find()).as("commands of the README of %s", name).isTrue();
        assertThat(commands.group(1)).isEqualTo("src/examples/" + name);
        List<String> lines = commands.group(2).lines().toList();
        Path copy = Path.of("target/examples", name).toAbsolutePath();
        copyFiles(sources, copy);
        ExampleProject project = new ExampleProject(copy, lines.get(lines.size() - 1));
        for (String command : lines.subList(0, lines.size() - 1)) {
            try (RunningExample installation = project.run(command, Map.of())) {
                installation.awaitSuccess();
            }
        }
        return project;
    }

    private static void copyFiles(Path sources, Path copy) throws IOException {
        try (Stream<Path> files = Files.walk(sources)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path relative = sources.relativize(file);
                if (!relative.startsWith("node_modules") && !relative.startsWith(".venv")) {
                    Path target = copy.resolve(relative.toString());
                    Files.createDirectories(target.getParent());
                    Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }

    /** Starts the program with environment variables. */
    public RunningExample start(Map<String, String> environment) throws IOException {
        return run(startCommand, environment);
    }

    private RunningExample run(String command, Map<String, String> environment) throws IOException {
        Path output = Files.createTempFile(Files.createDirectories(Path.of("target/examples")), "output", ".txt");
        ProcessBuilder builder = new ProcessBuilder("sh", "-c", command)
                .directory(copy.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        return new RunningExample(builder.start(), output);
    }

    /** A running program of an example. */
    public static final class RunningExample implements AutoCloseable {
        private final Process process;
        private final Path outputFile;

        private RunningExample(Process process, Path outputFile) {
            this.process = process;
            this.outputFile = outputFile;
        }

        /** Returns the output of the program so far. */
        public String output() {
            try {
                return Files.readString(outputFile);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Waits for a line that contains the text. */
        public void awaitLine(String text) {
            Awaitility.await(text).atMost(Duration.ofMinutes(3)).until(() -> {
                boolean found = output().contains(text);
                assertThat(found || process.isAlive()).as(output()).isTrue();
                return found;
            });
        }

        private void awaitSuccess() throws InterruptedException {
            assertThat(process.waitFor(5, TimeUnit.MINUTES)).as(output()).isTrue();
            assertThat(process.exitValue()).as(output()).isZero();
        }

        /** Kills the program with all its processes, and waits until they have ended. */
        @Override
        public void close() throws InterruptedException {
            List<ProcessHandle> descendants = process.descendants().toList();
            process.destroyForcibly().waitFor();
            descendants.forEach(ProcessHandle::destroyForcibly);
            descendants.forEach(descendant -> descendant.onExit().join());
        }
    }
}
