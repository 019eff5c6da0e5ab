package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs the programs of {@code src/examples} as processes, as an integrator would. The methods block. */
public final class ExampleProgramRunner {
    private static final int TIMEOUT_S = 60;

    private ExampleProgramRunner() {}

    /** Runs a program, requires exit code 0 within 60 s and returns its output. */
    public static String run(Path directory, Map<String, String> environment, List<String> command) {
        try {
            Path output = Files.createTempFile(directory, "output", ".txt");
            Process example = start(output, environment, command);
            try {
                assertThat(example.waitFor(TIMEOUT_S, TimeUnit.SECONDS))
                        .as("%s: %s", command, Files.readString(output))
                        .isTrue();
            } finally {
                example.destroyForcibly();
            }
            String printed = Files.readString(output, StandardCharsets.UTF_8);
            assertThat(example.exitValue()).as("%s: %s", command, printed).isZero();
            return printed;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static Process start(Path output, Map<String, String> environment, List<String> command)
            throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }
}
