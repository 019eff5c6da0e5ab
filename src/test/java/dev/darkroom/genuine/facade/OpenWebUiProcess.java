package dev.darkroom.genuine.facade;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.genuine.GenuineTools;
import dev.darkroom.genuine.PythonServerProcess;
import dev.darkroom.testing.FreePort;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** An Open WebUI from PyPI without accounts, controlled over its HTTP API. The methods block. */
final class OpenWebUiProcess implements AutoCloseable {
    private static final String TOOL = "open-webui";
    private static final Duration START_LIMIT = Duration.ofMinutes(5);
    private static final Duration CALL_LIMIT = Duration.ofMinutes(2);

    /** Its server rejects bodies of requests that offer HTTP/2. */
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final URI url;
    private final PythonServerProcess server;
    private String token;

    private OpenWebUiProcess(Path binaries, Path data, int port) throws IOException {
        url = URI.create("http://127.0.0.1:" + port);
        server = new PythonServerProcess(
                TOOL,
                List.of(
                        binaries.resolve("open-webui").toString(),
                        "serve",
                        "--host",
                        "127.0.0.1",
                        "--port",
                        Integer.toString(port)),
                Map.of(
                        "DATA_DIR", data.toString(),
                        "OFFLINE_MODE", "true",
                        "BYPASS_EMBEDDING_AND_RETRIEVAL", "true",
                        "WEBUI_AUTH", "False",
                        "WEBUI_SECRET_KEY", "test"));
    }

    /** Installs Open WebUI unless it is installed, starts it with an empty database and waits until it responds. */
    static OpenWebUiProcess start(Path data) throws IOException, InterruptedException {
        Path binaries = GenuineTools.installPythonWithoutDependencies(TOOL);
        OpenWebUiProcess webUi = new OpenWebUiProcess(binaries, data, FreePort.find());
        webUi.server.start();
        await().atMost(START_LIMIT)
                .failFast("Open WebUI ended, see target/genuine/open-webui/server.txt", () -> !webUi.server.isAlive())
                .until(webUi::responds);
        JsonObject session = new JsonObject(webUi.post(
                        "/api/v1/auths/signin",
                        new JsonObject().put("email", "").put("password", ""))
                .body());
        webUi.token = session.getString("token");
        return webUi;
    }

    private boolean responds() throws InterruptedException {
        try {
            return get("/health").statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(url.resolve(path)).timeout(CALL_LIMIT);
        return token == null ? builder : builder.header("Authorization", "Bearer " + token);
    }

    /** Returns the response to a GET. */
    HttpResponse<byte[]> get(String path) throws IOException, InterruptedException {
        return http.send(request(path).build(), BodyHandlers.ofByteArray());
    }

    /** Returns the response to a POST of JSON. */
    HttpResponse<String> post(String path, JsonObject body) throws IOException, InterruptedException {
        return http.send(
                request(path)
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body.encode()))
                        .build(),
                BodyHandlers.ofString());
    }

    /** Changes settings of the admin page for images; the others keep their values. */
    void configureImages(Map<String, Object> settings) throws IOException, InterruptedException {
        JsonObject config =
                new JsonObject(new String(get("/api/v1/images/config").body()));
        config.getMap().putAll(settings);
        HttpResponse<String> response = post("/api/v1/images/config/update", config);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    }

    /** Makes images with a request to a path of its API, and returns their bytes. */
    List<byte[]> makeImages(String path, JsonObject request) throws IOException, InterruptedException {
        HttpResponse<String> response = post(path, request);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        List<byte[]> images = new ArrayList<>();
        for (Object image : (List<?>) Json.decodeValue(response.body(), List.class)) {
            images.add(get((String) ((Map<?, ?>) image).get("url")).body());
        }
        return images;
    }

    @Override
    public void close() {
        server.close();
    }
}
