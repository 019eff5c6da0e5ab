package dev.darkroom.simulator.replicate;

import static dev.darkroom.testing.RecordedExchanges.shape;
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
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares responses of the simulator with recorded ones, field by field. */
class PredictionSimulatorTest {
    private static final RecordedExchanges COG = RecordedExchanges.load("cog-0.23.1");
    private static final RecordedExchanges REPLICATE = RecordedExchanges.load("replicate");
    private static final JsonObject INPUT = new JsonObject()
            .put("prompt", "a fox")
            .put("seed", 7)
            .put("width", 64)
            .put("height", 64);

    private final HttpClient client = HttpClient.newHttpClient();
    private InProcessSimulator simulator;

    @BeforeEach
    void start() {
        simulator = new InProcessSimulator(Duration.ZERO);
    }

    @AfterEach
    void stop() {
        simulator.close();
    }

    private CompletableFuture<HttpResponse<String>> sendAsync(String method, String path, String body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + simulator.port() + path))
                .header("Content-Type", "application/json")
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .build();
        return client.sendAsync(request, BodyHandlers.ofString());
    }

    private HttpResponse<String> send(String method, String path, JsonObject body) {
        return get(sendAsync(method, path, body == null ? null : body.encode()));
    }

    private static <T> T get(CompletableFuture<T> future) {
        return future.orTimeout(60, TimeUnit.SECONDS).join();
    }

    private static JsonObject submission(JsonObject input) {
        return new JsonObject().put("input", input);
    }

    private static void assertSameFields(HttpResponse<String> response, RecordedExchanges recorded, String name) {
        assertThat(response.statusCode()).as(name).isEqualTo(recorded.status(name));
        assertThat(shape(new JsonObject(response.body()))).as(name).isEqualTo(shape(recorded.response(name)));
    }

    private static void assertSame(HttpResponse<String> response, RecordedExchanges recorded, String name) {
        assertThat(response.statusCode()).as(name).isEqualTo(recorded.status(name));
        assertThat(new JsonObject(response.body())).as(name).isEqualTo(recorded.response(name));
    }

    @Test
    void cogPredictionHasTheRecordedFields() {
        // when
        HttpResponse<String> response =
                send("PUT", "/predictions/k1", submission(INPUT.copy().put("num_outputs", 2)));

        // then
        assertSameFields(response, COG, "success");
        assertThat(new JsonObject(response.body()).getJsonArray("output"))
                .hasSize(2)
                .allSatisfy(url -> assertThat(url.toString()).startsWith("data:image/png;base64,"));

        // when the same id is used after the end, then it runs again
        assertSameFields(send("PUT", "/predictions/k1", submission(INPUT)), COG, "same id after the end");
        assertThat(simulator.recordedRequests())
                .extracting(entry -> entry.getString("response"))
                .containsOnly("image");
    }

    @Test
    void runningCogPredictionRespondsAsRecorded() {
        // given
        simulator.script(new JsonObject().put("delay", "10m"));
        assertSameFields(send("GET", "/health-check", null), COG, "health ready");
        CompletableFuture<HttpResponse<String>> first = sendAsync(
                "PUT",
                "/predictions/k2",
                submission(new JsonObject().put("prompt", "sleep 1.5 s")).encode());
        await().until(() -> simulator.recordedRequests().size() == 1);

        // then
        assertSameFields(
                send("PUT", "/predictions/k2", submission(new JsonObject().put("prompt", "sleep 1.5 s"))),
                COG,
                "same id while running");
        assertSame(send("PUT", "/predictions/k3", submission(INPUT)), COG, "other id while running");
        assertSameFields(send("GET", "/health-check", null), COG, "health busy");
        assertThat(send("GET", "/predictions/k2", null).statusCode()).isEqualTo(COG.status("look up"));

        // when
        HttpResponse<String> cancellation = send("POST", "/predictions/k2/cancel", null);

        // then
        assertSame(cancellation, COG, "cancel");
        assertSameFields(get(first), COG, "canceled");
        assertSame(send("POST", "/predictions/k2/cancel", null), COG, "cancel after the end");
    }

    @Test
    void cogContainerFreesItsSlotWhenTheClientDisconnects() throws Exception {
        // given
        simulator.script(new JsonObject().put("delay", "10m"));
        HttpClient other = HttpClient.newHttpClient();
        CompletableFuture<HttpResponse<String>> dropped = other.sendAsync(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + simulator.port() + "/predictions/k12"))
                        .PUT(BodyPublishers.ofString(submission(INPUT).encode()))
                        .build(),
                BodyHandlers.ofString());
        await().until(() -> simulator.recordedRequests().size() == 1);

        // when
        dropped.cancel(true);

        // then
        await().until(() -> send("PUT", "/predictions/k13", submission(INPUT)).statusCode() == 200);
    }

    @Test
    void failedCogPredictionHasTheRecordedFields() {
        simulator.script(new JsonObject().put("moderation", true));
        HttpResponse<String> response = send("PUT", "/predictions/k5", submission(INPUT));
        assertSameFields(response, COG, "moderation");
        assertThat(new JsonObject(response.body()).getString("error"))
                .isEqualTo(COG.responseObject("moderation").getString("error"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    k7 | {"input":{"seed":1}}                                  | missing input
                    k8 | {"input":{"prompt":"a fox","num_outputs":0}}          | input too small
                    k8 | {"input":{"prompt":"a fox","seed":"a"}}               | input of the wrong type
                    k9 | {"id":"other","input":{"prompt":"a fox"}}             | id mismatch
                    """)
    void cogContainerRejectsInvalidInputAsRecorded(String id, String body, String name) {
        assertSame(send("PUT", "/predictions/" + id, new JsonObject(body)), COG, name);
    }

    @Test
    void cogContainerIgnoresUnknownInputsAsRecorded() {
        assertSameFields(
                send("PUT", "/predictions/k10", submission(INPUT.copy().put("cfg_scale", 1))), COG, "unknown input");
    }

    @Test
    void replicatePredictionHasTheRecordedFields() {
        // given
        simulator.script(new JsonObject().put("delay", "10m"));

        // when
        HttpResponse<String> created = send("POST", "/v1/models/acme/painter/predictions", submission(INPUT));
        JsonObject prediction = new JsonObject(created.body());
        HttpResponse<String> running = send("GET", "/v1/predictions/" + prediction.getString("id"), null);

        // then
        assertThat(created.statusCode()).isEqualTo(REPLICATE.status("created"));
        assertThat(prediction.getString("status")).isEqualTo("starting");
        assertThat(prediction.getString("model")).isEqualTo("acme/painter");
        assertReplicateFields(prediction, "created");
        assertThat(running.statusCode()).isEqualTo(REPLICATE.status("processing"));
        assertThat(new JsonObject(running.body()).getString("status")).isEqualTo("processing");
        assertReplicateFields(new JsonObject(running.body()), "processing");
    }

    @Test
    void replicatePredictionEndsWithUrls() {
        // given
        JsonObject body = submission(INPUT).put("version", "acme/painter:v1");
        HttpResponse<String> created = send("POST", "/v1/predictions", body);
        assertThat(created.statusCode()).isEqualTo(REPLICATE.status("created with a version"));
        JsonObject prediction = new JsonObject(created.body());
        assertThat(prediction.getString("model")).isEqualTo("acme/painter");
        assertThat(prediction.getString("version")).isEqualTo("v1");
        String get =
                URI.create(prediction.getJsonObject("urls").getString("get")).getPath();

        // when
        await().until(() -> new JsonObject(send("GET", get, null).body())
                .getString("status")
                .equals("succeeded"));

        // then
        JsonObject succeeded = new JsonObject(send("GET", get, null).body());
        assertReplicateFields(succeeded, "succeeded");
        JsonArray output = succeeded.getJsonArray("output");
        assertThat(output).hasSize(1);
        String image = URI.create(output.getString(0)).getPath();
        assertThat(send("GET", image, null).headers().firstValue("Content-Type"))
                .contains("image/png");
    }

    /** Every recorded or documented field is there with the same type or null, and no other. */
    private static void assertReplicateFields(JsonObject prediction, String name) {
        JsonObject recorded = REPLICATE.responseObject(name);
        JsonObject documented = REPLICATE.responseObject("documented prediction");
        Set<String> expected = new TreeSet<>(documented.fieldNames());
        expected.addAll(recorded.fieldNames());
        assertThat(prediction.fieldNames()).containsExactlyInAnyOrderElementsOf(expected);
        for (String field : recorded.fieldNames()) {
            Object value = prediction.getValue(field);
            Object recordedValue = recorded.getValue(field);
            if (value != null
                    && recordedValue != null
                    && !Set.of("input", "metrics").contains(field)) {
                assertThat(shape(value)).as(field).isEqualTo(shape(recordedValue));
            }
        }
        assertThat(prediction.getJsonObject("urls").fieldNames())
                .containsAll(documented.getJsonObject("urls").fieldNames());
    }

    @Test
    void replicateCancelsAPrediction() {
        // given
        simulator.script(new JsonObject().put("delay", "10m"));
        JsonObject prediction = new JsonObject(send("POST", "/v1/models/acme/painter/predictions", submission(INPUT))
                .body());
        String path = "/v1/predictions/" + prediction.getString("id");

        // when
        HttpResponse<String> canceled = send("POST", path + "/cancel", null);

        // then
        assertThat(new JsonObject(canceled.body()).getString("status")).isEqualTo("canceled");
        assertThat(new JsonObject(send("GET", path, null).body()).getString("completed_at"))
                .isNotNull();
        assertThat(send("GET", "/v1/predictions/unknown", null).statusCode()).isEqualTo(404);
        assertThat(send("POST", "/v1/predictions/unknown/cancel", null).statusCode())
                .isEqualTo(404);
    }

    @Test
    void replicateRejectsInvalidInput() {
        HttpResponse<String> response = send("POST", "/v1/models/acme/painter/predictions", new JsonObject());
        assertThat(response.statusCode()).isEqualTo(422);
        assertThat(shape(new JsonObject(response.body()))).isEqualTo(shape(REPLICATE.response("server error")));
    }

    @Test
    void replicateDescribesTheAccount() {
        Set<String> documented = REPLICATE.responseObject("documented account").fieldNames();
        assertThat(documented)
                .containsAll(new JsonObject(send("GET", "/v1/account", null).body()).fieldNames());
    }
}
