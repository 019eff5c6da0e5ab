package dev.darkroom.genuine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A server from PyPI that runs in the directory of its sources below {@code src/test/genuine}. Its output is in {@code
 * target/genuine/<tool>/server.txt}. The methods block.
 */
public final class PythonServerProcess implements AutoCloseable {
    private final ProcessBuilder builder;
    private Process process;

    /**
     * @param tool name of its directories
     * @param command path of the program and its arguments
     * @param environment variables in addition to those of the tests
     */
    public PythonServerProcess(String tool, List<String> command, Map<String, String> environment) throws IOException {
        builder = new ProcessBuilder(command)
                .directory(GenuineTools.sources(tool).toFile())
                .redirectErrorStream(true)
                .redirectOutput(GenuineTools.target(tool).resolve("server.txt").toFile());
        builder.environment().putAll(environment);
        builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
    }

    /** Starts the server, also after {@link #kill}. It may not listen yet. */
    public void start() throws IOException {
        process = builder.start();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Kills the server and its children. */
    public void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        kill();
    }
}
