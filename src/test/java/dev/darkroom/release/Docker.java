package dev.darkroom.release;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs the command line of Docker in the root of the repository. The methods block. */
final class Docker {
    private static final int MINUTES = 30;

    private Docker() {}

    /**
     * Output of a command.
     *
     * @param output of standard output and standard error
     */
    record Result(int exitCode, String output) {}

    /** Runs {@code docker} with arguments, and returns its output without surrounding white space. Fails when it fails. */
    static String run(String... arguments) {
        Result result = tryRun(arguments);
        assertThat(result.exitCode())
                .as("docker %s: %s", String.join(" ", arguments), result.output())
                .isZero();
        return result.output();
    }

    /** As {@link #run}, also for a command that fails. */
    static Result tryRun(String... arguments) {
        List<String> command = new ArrayList<>(List.of("docker"));
        command.addAll(List.of(arguments));
        try {
            Process process = new ProcessBuilder(command)
                    .directory(Path.of("").toAbsolutePath().toFile())
                    .redirectErrorStream(true)
                    .start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(MINUTES, TimeUnit.MINUTES)).isTrue();
            return new Result(process.exitValue(), output.strip());
        } catch (IOException e) {
            throw new AssertionError("the profile \"containers\" needs the command docker", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
