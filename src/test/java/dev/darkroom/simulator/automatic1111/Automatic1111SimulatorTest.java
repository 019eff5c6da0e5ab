package dev.darkroom.simulator.automatic1111;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.RecordedExchanges;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The AUTOMATIC1111 protocol of the simulator over real sockets. */
class Automatic1111SimulatorTest {
    private static final String TXT2IMG = "/sdapi/v1/txt2img";
    private static final RecordedExchanges RECORDED = RecordedExchanges.load("automatic1111");

    private final HttpClient http = HttpClient.newHttpClient();
    private InProcessSimulator simulator;

    @BeforeEach
    void start() {
        simulator = new InProcessSimulator(Duration.ZERO);
    }

    @AfterEach
    void stop() {
        simulator.close();
    }

    @Test
    void returnsBase64ImagesAndInfoAsText() {
        // when
        JsonObject response = json(post(TXT2IMG, request("a").put("batch_size", 2)));

        // then
        assertThat(response.getJsonArray("images"))
                .hasSize(2)
                .allSatisfy(image ->
                        assertThat(Base64.getDecoder().decode((String) image)).startsWith(0x89, 'P', 'N', 'G'));
        assertThat(response.getJsonObject("parameters").getString("prompt")).isEqualTo("a fox");
        assertThat(new JsonObject(response.getString("info")).getJsonArray("all_seeds"))
                .isEqualTo(new JsonArray().add(7).add(8));
    }

    @Test
    void sendsNoImagesWhenNoneAreWanted() {
        assertThat(json(post(TXT2IMG, request("a").put("send_images", false))).getJsonArray("images"))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"width\":\"wide\"}",
                "{\"batch_size\":0}",
                "{\"prompt\":7}",
                "{\"seed\":-2}",
                "{\"width\":5000}",
                "[]"
            })
    void rejectsInvalidRequestsInTheFormOfFastApi(String body) {
        // when
        HttpResponse<String> response = send("POST", TXT2IMG, body);

        // then
        assertThat(response.statusCode()).isEqualTo(422);
        JsonObject error =
                new JsonObject(response.body()).getJsonArray("detail").getJsonObject(0);
        assertThat(error.fieldNames()).containsExactlyInAnyOrder("loc", "msg", "type");
        assertThat(error.getJsonArray("loc").getString(0)).isEqualTo("body");
    }

    @Test
    void runsOneTaskAtATime() {
        // given a running and a waiting task
        simulator.script(new JsonObject().put("delay", "10m"));
        CompletableFuture<HttpResponse<String>> first = postAsync(request("first"));
        awaitSubmissionCount(1);
        CompletableFuture<HttpResponse<String>> second = postAsync(request("second"));
        awaitSubmissionCount(2);

        // then
        assertThat(status("first").getBoolean("active")).isTrue();
        assertThat(status("second").getBoolean("queued")).isTrue();
        assertThat(status("second").getString("textinfo")).isEqualTo("In queue: 1/1");
        assertThat(second).isNotDone();

        // when the running task is interrupted
        assertThat(post("/sdapi/v1/interrupt", new JsonObject()).body()).isEqualTo("{}");

        // then it responds with its images, as the original server does, and the next task runs
        assertThat(json(first.join()).getJsonArray("images")).hasSize(1);
        assertThat(json(second.join()).getJsonArray("images")).hasSize(1);
        await().atMost(60, TimeUnit.SECONDS).until(() -> status("second").getBoolean("completed"));
        assertThat(status("unknown").getString("textinfo")).isEqualTo("Waiting...");
    }

    @Test
    void continuesAfterTheClientHasClosedTheConnection() {
        // given a running task of a client that has disconnected
        simulator.script(new JsonObject().put("delay", "10m"));
        CompletableFuture<HttpResponse<String>> response = postAsync(request("first"));
        awaitSubmissionCount(1);
        response.cancel(true);
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> simulator.recordedRequests().get(0).getString("closedAt") != null);

        // then it is still running
        assertThat(status("first").getBoolean("active")).isTrue();

        // when
        post("/sdapi/v1/interrupt", new JsonObject());

        // then
        assertThat(json(post(TXT2IMG, request("second"))).getJsonArray("images"))
                .hasSize(1);
    }

    @Test
    void progressHasTheFieldsOfRecordedResponses() {
        // given
        JsonObject recorded = RECORDED.responseObject("progress");
        simulator.script(new JsonObject().put("delay", "10m"));
        CompletableFuture<HttpResponse<String>> running = postAsync(request("a"));
        awaitSubmissionCount(1);

        // when
        JsonObject progress = json(send("GET", "/sdapi/v1/progress?skip_current_image=true", null));

        // then it has the same fields, of which none names the task
        assertThat(status("a").fieldNames())
                .isEqualTo(RECORDED.responseObject("task status").fieldNames());
        assertThat(progress.fieldNames()).isEqualTo(recorded.fieldNames());
        assertThat(progress.getJsonObject("state").fieldNames())
                .isEqualTo(recorded.getJsonObject("state").fieldNames());
        post("/sdapi/v1/interrupt", new JsonObject());
        running.join();
        assertThat(json(send("GET", "/sdapi/v1/progress", null))
                        .getJsonObject("state")
                        .getInteger("job_count"))
                .isZero();
    }

    @Test
    void listsSamplers() {
        assertThat(new JsonArray(send("GET", "/sdapi/v1/samplers", null).body())
                        .getJsonObject(0)
                        .getString("name"))
                .isEqualTo("Euler");
    }

    private void awaitSubmissionCount(int count) {
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> simulator.recordedRequests().size() == count);
    }

    private JsonObject status(String taskId) {
        return json(post("/internal/progress", new JsonObject().put("id_task", taskId)));
    }

    private static JsonObject request(String taskId) {
        return new JsonObject()
                .put("prompt", "a fox")
                .put("seed", 7)
                .put("width", 64)
                .put("height", 64)
                .put("force_task_id", taskId);
    }

    private static JsonObject json(HttpResponse<String> response) {
        assertThat(response.statusCode()).isEqualTo(200);
        return new JsonObject(response.body());
    }

    private HttpResponse<String> post(String path, JsonObject body) {
        return send("POST", path, body.encode());
    }

    private CompletableFuture<HttpResponse<String>> postAsync(JsonObject body) {
        return http.sendAsync(createRequest("POST", TXT2IMG, body.encode()), BodyHandlers.ofString());
    }

    private HttpResponse<String> send(String method, String path, String body) {
        return http.sendAsync(createRequest(method, path, body), BodyHandlers.ofString())
                .join();
    }

    private HttpRequest createRequest(String method, String path, String body) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + simulator.port() + path))
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .build();
    }
}
