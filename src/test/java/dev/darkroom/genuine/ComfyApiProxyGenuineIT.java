package dev.darkroom.genuine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.InProcessSimulator;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** comfy-api-proxy, a client of ComfyUI that offers version 2 of its API, accepts the simulator. */
@Tag("genuine")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ComfyApiProxyGenuineIT {
    private static final String TOOL = "comfyui";
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final String WORKFLOW = """
            {"1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 2, "color": 255}},
             "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "genuine"}}}""";

    private final HttpClient http = HttpClient.newHttpClient();
    private InProcessSimulator simulator;
    private Process proxy;
    private String base;

    @BeforeEach
    void start() throws Exception {
        simulator = new InProcessSimulator(Duration.ofMillis(50));
        int port = FreePort.find();
        base = "http://127.0.0.1:" + port + "/api/v2/jobs";
        proxy = new ProcessBuilder(
                        GenuineTools.installPython(TOOL)
                                .resolve("comfy-api-proxy")
                                .toString(),
                        "run",
                        "--comfyui",
                        "http://127.0.0.1:" + simulator.port(),
                        "--port",
                        Integer.toString(port))
                .redirectErrorStream(true)
                .redirectOutput(GenuineTools.target(TOOL).resolve("proxy.txt").toFile())
                .start();
        await().atMost(LIMIT)
                .ignoreException(ConnectException.class)
                .until(() -> send("GET", "/none", null).statusCode() > 0);
    }

    @AfterEach
    void stop() {
        proxy.descendants().forEach(ProcessHandle::destroyForcibly);
        proxy.destroyForcibly();
        simulator.close();
    }

    @Test
    void returnsTheImagesOfAJob() throws Exception {
        // when
        JsonObject job = awaitStatus(submit(WORKFLOW), "succeeded");

        // then
        assertThat(job.getJsonArray("outputs")).hasSize(2);
        URI content = URI.create(job.getJsonArray("outputs").getJsonObject(0).getString("url"));
        HttpResponse<byte[]> image =
                http.send(HttpRequest.newBuilder(content).build(), HttpResponse.BodyHandlers.ofByteArray());
        assertThat(image.body()).startsWith(0x89, 'P', 'N', 'G');
    }

    @Test
    void reportsAFailedJob() throws Exception {
        simulator.script(new JsonObject().put("failedJob", "RuntimeError: shapes cannot be multiplied"));
        JsonObject job = awaitStatus(submit(WORKFLOW), "failed");
        assertThat(job.getJsonObject("error").getString("message")).isEqualTo("shapes cannot be multiplied");
    }

    @Test
    void cancelsARunningJob() throws Exception {
        // given
        simulator.script(new JsonObject().put("delay", "60m"));
        String running = submit(WORKFLOW);
        awaitStatus(running, "running");

        // when
        send("POST", "/" + running + "/cancel", null);

        // then
        awaitStatus(running, "canceled");
    }

    @Test
    void rejectsAnUnknownNode() throws Exception {
        HttpResponse<String> response =
                send("POST", "", "{\"workflow\": {\"1\": {\"class_type\": \"NoSuchNode\", \"inputs\": {}}}}");
        assertThat(new JsonObject(response.body()).getJsonObject("error").getString("code"))
                .isEqualTo("invalid_workflow");
    }

    private String submit(String workflow) throws IOException, InterruptedException {
        HttpResponse<String> response = send("POST", "", "{\"workflow\": " + workflow + "}");
        assertThat(response.statusCode()).as(response.body()).isEqualTo(201);
        return new JsonObject(response.body()).getString("id");
    }

    private JsonObject awaitStatus(String id, String status) {
        return await().atMost(LIMIT)
                .until(
                        () -> new JsonObject(send("GET", "/" + id, null).body()),
                        job -> status.equals(job.getString("status")));
    }

    private HttpResponse<String> send(String method, String path, String body)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(base + path))
                .header("Content-Type", "application/json")
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString());
    }
}
