package dev.darkroom.genuine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A LiteLLM proxy from PyPI with the models of {@code src/test/genuine/litellm}. The methods block. */
final class LiteLlmProcess implements AutoCloseable {
    static final String KEY = "sk-darkroom";
    private static final String TOOL = "litellm";
    private static final Duration START_LIMIT = Duration.ofMinutes(5);

    private final HttpClient http = HttpClient.newHttpClient();
    private final Path binaries;
    private final URI provider;
    private final int port;
    private Process process;

    private LiteLlmProcess(Path binaries, URI provider, int port) {
        this.binaries = binaries;
        this.provider = provider;
        this.port = port;
    }

    /**
     * Installs LiteLLM unless it is installed, starts it and waits until it responds.
     *
     * @param provider base URL of the AI server that it calls
     */
    static LiteLlmProcess start(URI provider) throws IOException, InterruptedException {
        Path binaries = GenuineTools.installPython(TOOL);
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        LiteLlmProcess proxy = new LiteLlmProcess(binaries, provider, port);
        proxy.restart();
        return proxy;
    }

    /** Starts the proxy on its port and waits until it responds. */
    void restart() throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        binaries.resolve("litellm").toString(),
                        "--config",
                        "config.yaml",
                        "--host",
                        "127.0.0.1",
                        "--port",
                        Integer.toString(port),
                        "--telemetry",
                        "False")
                .directory(GenuineTools.sources(TOOL).toFile())
                .redirectErrorStream(true)
                .redirectOutput(GenuineTools.target(TOOL).resolve("server.txt").toFile());
        builder.environment().put("SIMULATOR", provider.toString());
        builder.environment().put("MASTER_KEY", KEY);
        // Otherwise it downloads a price list.
        builder.environment().put("LITELLM_LOCAL_MODEL_COST_MAP", "True");
        builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
        process = builder.start();
        await().atMost(START_LIMIT)
                .failFast("LiteLLM ended, see target/genuine/litellm/server.txt", () -> !process.isAlive())
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

    /** Returns the URL for {@code backend.url}. */
    URI url() {
        return URI.create("http://127.0.0.1:" + port + "/v1");
    }

    /** Kills the proxy and its children. */
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
