package dev.darkroom.genuine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The server of cog from PyPI with the predictor of {@code src/test/genuine/cog}. The methods block. */
final class CogContainerProcess implements AutoCloseable {
    private static final Path SOURCE = Path.of("src/test/genuine/cog").toAbsolutePath();
    private static final Path TOOLS = Path.of("target/genuine/cog").toAbsolutePath();

    private final int port;
    private final Path predictionLog;
    private Process process;

    private CogContainerProcess(int port, Path predictionLog) {
        this.port = port;
        this.predictionLog = predictionLog;
    }

    /** Installs cog unless it is installed, and starts it. Its setup may not have ended. */
    static CogContainerProcess start() throws IOException, InterruptedException {
        install();
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Path log = Files.createTempFile(TOOLS, "predictions", ".txt");
            CogContainerProcess container = new CogContainerProcess(socket.getLocalPort(), log);
            socket.close();
            container.restart();
            return container;
        }
    }

    private static void install() throws IOException, InterruptedException {
        Path log = Files.createDirectories(TOOLS).resolve("install.txt");
        if (!Files.exists(TOOLS.resolve("installed"))) {
            Path environment = TOOLS.resolve("python");
            assertThat(run(log, "python3", "-m", "venv", environment.toString()))
                    .as("python3 with venv must be installed")
                    .isZero();
            String pip = environment.resolve("bin/pip").toString();
            String requirements = SOURCE.resolve("requirements.txt").toString();
            assertThat(run(log, pip, "install", "--requirement", requirements))
                    .as(() -> "cog cannot be installed, see " + log)
                    .isZero();
            Files.createFile(TOOLS.resolve("installed"));
        }
    }

    private static int run(Path output, String... command) throws IOException, InterruptedException {
        Process installer = new ProcessBuilder(List.of(command))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            return installer.waitFor();
        } finally {
            installer.destroy();
        }
    }

    /** Starts the server again, on the same port. */
    void restart() throws IOException {
        Path binaries = TOOLS.resolve("python/bin");
        ProcessBuilder builder = new ProcessBuilder(
                        binaries.resolve("python").toString(), "-m", "cog.server.http", "--host", "127.0.0.1")
                .directory(SOURCE.toFile())
                .redirectErrorStream(true)
                .redirectOutput(TOOLS.resolve("server.txt").toFile());
        builder.environment().put("PATH", binaries + ":" + System.getenv("PATH"));
        builder.environment().put("PORT", Integer.toString(port));
        builder.environment().put("COG_PREDICT_TYPE_STUB", "predict.py:Predictor");
        builder.environment().put("PREDICTION_LOG", predictionLog.toString());
        builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
        process = builder.start();
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /** Returns how often a prediction with this prompt has begun. */
    long countPredictions(String prompt) throws IOException {
        return Files.readAllLines(predictionLog).stream().filter(prompt::equals).count();
    }

    /** Lets predictions with the prompt {@code gate} end, from now on. */
    void openGate() throws IOException {
        Files.createFile(Path.of(predictionLog + ".gate"));
    }

    /** Kills the server and the process of the model. */
    void kill() {
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
