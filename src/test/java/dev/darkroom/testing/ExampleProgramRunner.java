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

/** Runs programs of {@code src/examples} as somebody would who has copied them. The methods block. */
public final class ExampleProgramRunner {
    private static final int TIMEOUT_S = 60;

    private ExampleProgramRunner() {}

    /** Runs to its end, which has to be a good one; what it has said. */
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
            String said = Files.readString(output, StandardCharsets.UTF_8);
            assertThat(example.exitValue()).as("%s: %s", command, said).isZero();
            return said;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Starts one that has no end. */
    public static Process start(Path output, Map<String, String> environment, List<String> command) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }
}
