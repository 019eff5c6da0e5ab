package dev.darkroom.genuine;

import static org.awaitility.Awaitility.await;

import dev.darkroom.testing.FreePort;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
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

    private LiteLlmProcess(Path binaries, String configuration, URI provider, int port) throws IOException {
        this.url = URI.create("http://127.0.0.1:" + port + "/v1");
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
                Map.of(
                        "SIMULATOR",
                        provider.toString(),
                        "MASTER_KEY",
                        KEY,
                        // Otherwise it downloads a price list.
                        "LITELLM_LOCAL_MODEL_COST_MAP",
                        "True"));
    }

    /** Starts LiteLLM with the models of {@code src/test/genuine/litellm}. */
    static LiteLlmProcess start(URI provider) throws IOException, InterruptedException {
        return start("config.yaml", provider);
    }

    /**
     * Installs LiteLLM unless it is installed, starts it and waits until it responds.
     *
     * @param configuration path of its configuration, relative to {@code src/test/genuine/litellm}
     * @param provider base URL of the AI server that it calls
     */
    public static LiteLlmProcess start(String configuration, URI provider) throws IOException, InterruptedException {
        Path binaries = GenuineTools.installPython(TOOL);
        LiteLlmProcess proxy = new LiteLlmProcess(binaries, configuration, provider, FreePort.find());
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
