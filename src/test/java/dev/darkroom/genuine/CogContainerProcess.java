package dev.darkroom.genuine;

import dev.darkroom.testing.FreePort;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The server of cog from PyPI with the predictor of {@code src/test/genuine/cog}. The methods block. */
final class CogContainerProcess implements AutoCloseable {
    private static final String TOOL = "cog";

    private final URI url;
    private final Path predictionLog;
    private final PythonServerProcess server;

    private CogContainerProcess(Path binaries, int port, Path predictionLog) throws IOException {
        this.url = URI.create("http://127.0.0.1:" + port);
        this.predictionLog = predictionLog;
        this.server = new PythonServerProcess(
                TOOL,
                List.of(binaries.resolve("python").toString(), "-m", "cog.server.http", "--host", "127.0.0.1"),
                Map.of(
                        "PATH",
                        binaries + ":" + System.getenv("PATH"),
                        "PORT",
                        Integer.toString(port),
                        "COG_PREDICT_TYPE_STUB",
                        "predict.py:Predictor",
                        "PREDICTION_LOG",
                        predictionLog.toString()));
    }

    /** Installs cog unless it is installed, and starts it. Its setup may not have ended. */
    static CogContainerProcess start() throws IOException, InterruptedException {
        Path binaries = GenuineTools.installPython(TOOL);
        Path log = Files.createTempFile(GenuineTools.target(TOOL), "predictions", ".txt");
        CogContainerProcess container = new CogContainerProcess(binaries, FreePort.find(), log);
        container.restart();
        return container;
    }

    /** Starts the server again, on the same port. */
    void restart() throws IOException {
        server.start();
    }

    URI url() {
        return url;
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
        server.kill();
    }

    @Override
    public void close() {
        server.close();
    }
}
