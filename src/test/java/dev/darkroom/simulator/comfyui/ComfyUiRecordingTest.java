package dev.darkroom.simulator.comfyui;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.testing.InProcessSimulator;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientWebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compares the simulator with exchanges recorded from ComfyUI 0.33.0, field by field: those of a test client, and those of
 * comfy-api-proxy 0.1.6. Times and details of exceptions differ, all other values are equal. The recordings of failed and cancelled
 * jobs are cut after some fields.
 */
class ComfyUiRecordingTest {
    private static final Path RECORDINGS = Path.of("src/test/resources/recordings");
    private static final Set<String> DIFFERENT_VALUES = Set.of(
            "create_time",
            "timestamp",
            "execution_start_time",
            "execution_end_time",
            "traceback",
            "current_inputs",
            "current_outputs");
    private static final String WORKFLOW = """
            {"1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 255}},
             "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "dk"}}}""";

    private final HttpClient http = HttpClient.newHttpClient();
    private InProcessSimulator simulator;
    /** Strong reference, because Vert.x closes the connections of a garbage-collected client. */
    private WebSocketClient webSockets;

    @BeforeEach
    void start() {
        simulator = new InProcessSimulator(Duration.ofMillis(8));
    }

    @AfterEach
    void stop() {
        simulator.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"comfyui-0.33.0-exchanges", "comfy-api-proxy-0.1.6-exchanges"})
    void answersLikeTheRecordedServer(String recording) throws Exception {
        JsonArray exchanges = new JsonArray(Files.readString(RECORDINGS.resolve(recording + ".json")));
        for (Object each : exchanges) {
            // given
            JsonObject exchange = (JsonObject) each;
            String request = exchange.getString("request");
            if (exchange.containsKey("script")) {
                simulator.script(exchange.getJsonObject("script"));
            }
            if (request.startsWith("GET /history/")
                    && !exchange.getJsonObject("answer").isEmpty()) {
                await().until(() -> !send(request, null).body().equals("{}"));
            }

            // when
            HttpResponse<String> response = send(request, exchange.getString("body"));

            // then
            assertThat(response.statusCode()).as(exchange.encode()).isEqualTo(exchange.getInteger("status"));
            assertThat(mediaType(response.headers().firstValue("Content-Type").orElse(null)))
                    .as(request)
                    .isEqualTo(mediaType(exchange.getString("contentType")));
            if (exchange.getValue("answer") instanceof JsonObject answer) {
                compare(request, answer, new JsonObject(response.body()), true);
            } else if (exchange.containsKey("answer") || response.statusCode() != 200) {
                assertThat(response.body()).as(request).isEqualTo(exchange.getString("answer", ""));
            }
        }
    }

    @Test
    void describesJobsLikeTheRecordedServer() throws Exception {
        // given
        JsonObject recorded = new JsonObject(Files.readString(RECORDINGS.resolve("comfyui-0.33.0-jobs.json")));
        simulator.script(
                new JsonObject().put("failedJob", "torch.OutOfMemoryError: Allocation"),
                new JsonObject().put("delay", "60m"),
                new JsonObject().put("delay", "60m"));

        // when
        String failed = submit();
        await().until(() -> jobStatus(failed).equals("failed"));
        String running = submit();
        String waiting = submit();

        // then
        compareFields("failed", recorded.getJsonObject("failed"), job(failed));
        compareFields("in_progress", recorded.getJsonObject("in_progress"), job(running));
        compareFields("pending", recorded.getJsonObject("pending"), job(waiting));

        // when
        assertThat(send("POST /api/jobs/" + running + "/cancel", "").body()).isEqualTo("{\"cancelled\":true}");

        // then
        compareFields("cancelled", recorded.getJsonObject("cancelled"), job(running));
        assertThat(jobStatus(waiting)).isEqualTo("in_progress");
    }

    @Test
    void cancellationOfAWaitingJobLeavesNoTrace() throws Exception {
        // given
        simulator.script(new JsonObject().put("delay", "60m"));
        submit();
        String waiting = submit();

        // when
        HttpResponse<String> response = send("POST /api/jobs/" + waiting + "/cancel", "");

        // then
        assertThat(response.body()).isEqualTo("{\"cancelled\":true}");
        assertThat(send("GET /api/jobs/" + waiting, null).statusCode()).isEqualTo(404);
        assertThat(send("GET /history/" + waiting, null).body()).isEqualTo("{}");
    }

    @Test
    void executesEqualIdsTwice() throws Exception {
        // given
        String id = "0190f0aa-1111-7111-8111-000000000001";
        simulator.script(new JsonObject().put("delay", "60m"));

        // when
        send("POST /prompt", promptBody(id));
        send("POST /prompt", promptBody(id));

        // then
        JsonObject queue = new JsonObject(send("GET /queue", null).body());
        assertThat(queue.getJsonArray("queue_running").getJsonArray(0).getString(1))
                .isEqualTo(id);
        assertThat(queue.getJsonArray("queue_pending").getJsonArray(0).getString(1))
                .isEqualTo(id);
    }

    @Test
    void storesTheWorkflowInTheImage() throws Exception {
        // given
        String id = submit();
        await().until(() -> jobStatus(id).equals("completed"));

        // when
        String file = job(id).getJsonObject("preview_output").getString("filename");
        HttpRequest request = HttpRequest.newBuilder(URI.create(
                        "http://127.0.0.1:" + simulator.port() + "/view?filename=" + file + "&subfolder=&type=output"))
                .build();
        HttpResponse<byte[]> response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());

        // then
        String png = new String(response.body(), StandardCharsets.ISO_8859_1);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("image/png");
        assertThat(png).contains("IHDR", "tEXtprompt\0{\"1\":{\"class_type\":\"EmptyImage\"", "IDAT");
        assertThat(png.indexOf("tEXt")).isEqualTo(37);
    }

    @Test
    void sendsMessagesLikeTheRecordedServer() throws Exception {
        // given
        List<JsonObject> received = new CopyOnWriteArrayList<>();
        Vertx vertx = Vertx.vertx();
        webSockets = vertx.createWebSocketClient();
        ClientWebSocket socket = webSockets.webSocket();
        socket.textMessageHandler(text -> received.add(new JsonObject(text)));
        socket.connect(simulator.port(), "127.0.0.1", "/ws?clientId=dk-0ffea5");
        await().until(() -> !received.isEmpty());

        // when
        send("POST /prompt", promptBody("0190f0aa-1111-7111-8111-000000000001"));
        await().until(() -> received.stream().anyMatch(message -> isEnd(message)));
        simulator.script(new JsonObject().put("delay", "60m"));
        send("POST /prompt", promptBody("0190f0aa-1111-7111-8111-000000000002"));
        await().until(() -> received.stream()
                .anyMatch(message -> message.getString("type").equals("executing")
                        && message.encode().contains("000000000002")));
        send("POST /interrupt", "{\"prompt_id\":\"0190f0aa-1111-7111-8111-000000000002\"}");
        await().until(() ->
                received.stream().anyMatch(message -> message.getString("type").equals("execution_interrupted")));

        // then
        JsonArray recorded = new JsonArray(Files.readString(RECORDINGS.resolve("comfyui-0.33.0-messages.json")));
        for (Object each : recorded) {
            JsonObject message = (JsonObject) each;
            assertThat(received)
                    .as(message.encode())
                    .filteredOn(candidate -> candidate.getString("type").equals(message.getString("type")))
                    .anySatisfy(candidate -> assertThat(
                                    candidate.getJsonObject("data").fieldNames())
                            .containsExactlyInAnyOrderElementsOf(
                                    message.getJsonObject("data").fieldNames()));
        }
        List<String> types = new ArrayList<>(
                received.stream().map(message -> message.getString("type")).toList());
        assertThat(types)
                .containsSubsequence(
                        "status",
                        "status",
                        "execution_start",
                        "execution_cached",
                        "executing",
                        "progress_state",
                        "progress",
                        "executed",
                        "execution_success",
                        "status",
                        "executing");
        vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private static boolean isEnd(JsonObject message) {
        JsonObject data = message.getJsonObject("data");
        return message.getString("type").equals("executing") && data.getValue("node") == null;
    }

    private static String promptBody(String id) {
        return new JsonObject()
                .put("prompt", new JsonObject(WORKFLOW))
                .put("prompt_id", id)
                .put("client_id", "dk-0ffea5")
                .encode();
    }

    private String submit() throws IOException, InterruptedException {
        String body = new JsonObject().put("prompt", new JsonObject(WORKFLOW)).encode();
        return new JsonObject(send("POST /prompt", body).body()).getString("prompt_id");
    }

    private JsonObject job(String id) throws IOException, InterruptedException {
        return new JsonObject(send("GET /api/jobs/" + id, null).body());
    }

    private String jobStatus(String id) throws IOException, InterruptedException {
        return job(id).getString("status");
    }

    private HttpResponse<String> send(String request, String body) throws IOException, InterruptedException {
        String[] line = request.split(" ", 2);
        HttpRequest.BodyPublisher publisher =
                body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + simulator.port() + line[1]))
                        .method(line[0], publisher)
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static String mediaType(String contentType) {
        return contentType == null ? null : contentType.split(";")[0];
    }

    /** Compares the recorded fields only by name and type, since another workflow was recorded. */
    private static void compareFields(String path, JsonObject recorded, JsonObject actual) {
        boolean complete = !recorded.containsKey("execution_start_time");
        for (String field : recorded.fieldNames()) {
            assertThat(actual.fieldNames()).as(path).contains(field);
            Object value = recorded.getValue(field);
            if (value instanceof JsonObject object) {
                compareFields(path + "." + field, object, actual.getJsonObject(field));
            } else {
                assertThat(actual.getValue(field).getClass())
                        .as(path + "." + field)
                        .isEqualTo(value.getClass());
            }
        }
        if (complete && path.indexOf('.') < 0) {
            assertThat(actual.fieldNames()).as(path).isEqualTo(recorded.fieldNames());
        }
    }

    private static void compare(String path, Object recorded, Object actual, boolean equal) {
        if (!equal) {
            assertThat(actual).as(path).hasSameClassAs(recorded);
        } else if (recorded instanceof JsonObject object) {
            assertThat(actual).as(path).isInstanceOf(JsonObject.class);
            assertThat(((JsonObject) actual).fieldNames())
                    .as(path)
                    .containsExactlyInAnyOrderElementsOf(object.fieldNames());
            object.forEach(field -> compare(
                    path + "." + field.getKey(),
                    field.getValue(),
                    ((JsonObject) actual).getValue(field.getKey()),
                    !DIFFERENT_VALUES.contains(field.getKey())));
        } else if (recorded instanceof JsonArray array) {
            assertThat(actual).as(path).isInstanceOf(JsonArray.class);
            assertThat((JsonArray) actual).as(path).hasSameSizeAs(array);
            for (int i = 0; i < array.size(); i++) {
                compare(path + "[" + i + "]", array.getValue(i), ((JsonArray) actual).getValue(i), true);
            }
        } else {
            assertThat(actual).as(path).isEqualTo(recorded);
        }
    }
}
