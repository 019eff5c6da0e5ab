package dev.darkroom.genuine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** The server of cog from PyPI with the predictor of {@code src/test/genuine/cog}. The methods block. */
final class CogContainerProcess implements AutoCloseable {
    private static final String TOOL = "cog";

    private final Path binaries;
    private final int port;
    private final Path predictionLog;
    private Process process;

    private CogContainerProcess(Path binaries, int port, Path predictionLog) {
        this.binaries = binaries;
        this.port = port;
        this.predictionLog = predictionLog;
    }

    /** Installs cog unless it is installed, and starts it. Its setup may not have ended. */
    static CogContainerProcess start() throws IOException, InterruptedException {
        Path binaries = GenuineTools.installPython(TOOL);
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Path log = Files.createTempFile(GenuineTools.target(TOOL), "predictions", ".txt");
            CogContainerProcess container = new CogContainerProcess(binaries, socket.getLocalPort(), log);
            socket.close();
            container.restart();
            return container;
        }
    }

    /** Starts the server again, on the same port. */
    void restart() throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        binaries.resolve("python").toString(), "-m", "cog.server.http", "--host", "127.0.0.1")
                .directory(GenuineTools.sources(TOOL).toFile())
                .redirectErrorStream(true)
                .redirectOutput(GenuineTools.target(TOOL).resolve("server.txt").toFile());
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
