package dev.darkroom.genuine;

import static org.awaitility.Awaitility.await;

import dev.darkroom.testing.FreePort;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A LiteLLM proxy from PyPI. The methods block. */
public final class LiteLlmProcess implements AutoCloseable {
    public static final String KEY = "sk-darkroom";
    private static final String TOOL = "litellm";
    private static final Duration START_LIMIT = Duration.ofMinutes(5);

    private final HttpClient http = HttpClient.newHttpClient();
    private final URI url;
    private final PythonServerProcess server;

    private LiteLlmProcess(Path binaries, String configuration, Map<String, String> environment, int port)
            throws IOException {
        this.url = URI.create("http://127.0.0.1:" + port + "/v1");
        Map<String, String> allVariables = new HashMap<>(environment);
        allVariables.put("MASTER_KEY", KEY);
        // Otherwise it downloads a price list.
        allVariables.put("LITELLM_LOCAL_MODEL_COST_MAP", "True");
        this.server = new PythonServerProcess(
                TOOL,
                List.of(
                        binaries.resolve("litellm").toString(),
                        "--config",
                        configuration,
                        "--host",
                        "127.0.0.1",
                        "--port",
                        Integer.toString(port),
                        "--telemetry",
                        "False"),
                allVariables);
    }

    /** Starts LiteLLM with the models of {@code src/test/genuine/litellm} at a simulator. */
    static LiteLlmProcess start(URI simulator) throws IOException, InterruptedException {
        return start("config.yaml", Map.of("SIMULATOR", simulator.toString()));
    }

    /** Starts LiteLLM with these models. Writes its configuration into the directory. */
    public static LiteLlmProcess start(Path directory, List<LiteLlmModel> models)
            throws IOException, InterruptedException {
        Path configuration = Files.writeString(directory.resolve("litellm.yaml"), LiteLlmModel.toYaml(models));
        return start(configuration.toString(), Map.of());
    }

    /** Installs LiteLLM unless it is installed, starts it and waits until it responds. */
    private static LiteLlmProcess start(String configuration, Map<String, String> environment)
            throws IOException, InterruptedException {
        Path binaries = GenuineTools.installPython(TOOL);
        LiteLlmProcess proxy = new LiteLlmProcess(binaries, configuration, environment, FreePort.find());
        proxy.restart();
        return proxy;
    }

    /** Starts the proxy on its port and waits until it responds. */
    void restart() throws IOException {
        server.start();
        await().atMost(START_LIMIT)
                .failFast("LiteLLM ended, see target/genuine/litellm/server.txt", () -> !server.isAlive())
                .until(this::responds);
    }

    private boolean responds() throws InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(url().resolve("/health/liveliness"))
                .timeout(Duration.ofMinutes(1))
                .build();
        try {
            return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns the base URL of its API. */
    public URI url() {
        return url;
    }

    /** Kills the proxy and its children. */
    void kill() {
        server.kill();
    }

    @Override
    public void close() {
        server.close();
    }
}
