package dev.darkroom.simulator.bfl;

import static dev.darkroom.testing.RecordedExchanges.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.RecordedExchanges;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Compares responses of the simulator with documented ones. */
class BflSimulatorTest {
    private static final RecordedExchanges DOCUMENTED = RecordedExchanges.load("bfl");
    private static final JsonObject REQUEST =
            new JsonObject().put("prompt", "a fox").put("width", 64).put("height", 64);

    private final HttpClient client = HttpClient.newHttpClient();

    @AutoClose
    private final InProcessSimulator simulator = new InProcessSimulator(Duration.ZERO);

    private HttpResponse<String> send(String method, String url, JsonObject body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .header("x-key", "secret")
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body.encode()))
                .build();
        return client.send(request, BodyHandlers.ofString());
    }

    private HttpResponse<String> submit(JsonObject body) throws Exception {
        return send("POST", url("/v1/flux-2-pro"), body);
    }

    private String url(String path) {
        return "http://127.0.0.1:" + simulator.port() + path;
    }

    private JsonObject pollUntilEnd(JsonObject submitted) {
        String url = submitted.getString("polling_url");
        return await().until(
                        () -> new JsonObject(send("GET", url, null).body()),
                        task -> !task.getString("status").equals("Pending"));
    }

    @Test
    void taskHasTheDocumentedFields() throws Exception {
        // when
        HttpResponse<String> response = submit(REQUEST);
        JsonObject submitted = new JsonObject(response.body());
        JsonObject task = pollUntilEnd(submitted);

        // then
        assertThat(response.statusCode()).isEqualTo(DOCUMENTED.status("submitted"));
        assertThat(shape(submitted)).isEqualTo(shape(DOCUMENTED.response("submitted")));
        assertThat(submitted.getString("polling_url")).isEqualTo(url("/v1/get_result?id=" + submitted.getString("id")));
        assertThat(task.getString("status")).isEqualTo("Ready");
        assertThat(shape(task.getJsonObject("result")))
                .isEqualTo(shape(DOCUMENTED.responseObject("ready").getJsonObject("result")));
        assertThat(send("GET", task.getJsonObject("result").getString("sample"), null)
                        .headers()
                        .firstValue("Content-Type"))
                .contains("image/png");
        assertThat(simulator.recordedRequests())
                .singleElement()
                .satisfies(
                        entry -> assertThat(entry.getBoolean("authorization")).isTrue());
    }

    @Test
    void moderatedTaskHasTheDocumentedStatus() throws Exception {
        simulator.script(new JsonObject().put("moderation", true));
        JsonObject task = pollUntilEnd(new JsonObject(submit(REQUEST).body()));
        JsonObject documented = DOCUMENTED.responseObject("request moderated");
        assertThat(task.getString("status")).isEqualTo(documented.getString("status"));
        assertThat(shape(task.getJsonObject("details"))).isEqualTo(shape(documented.getJsonObject("details")));
    }

    @Test
    void limitsTheActiveTasks() throws Exception {
        // given
        simulator.script(new JsonObject().put("delay", "10m").put("times", 24));
        for (int i = 0; i < 24; i++) {
            assertThat(submit(REQUEST).statusCode()).isEqualTo(200);
        }

        // when
        HttpResponse<String> response = submit(REQUEST);

        // then
        assertThat(response.statusCode()).isEqualTo(DOCUMENTED.status("rate limit"));
        assertThat(new JsonObject(response.body())).isEqualTo(DOCUMENTED.response("rate limit"));
        assertThat(simulator.recordedRequests()).hasSize(25);
    }

    @Test
    void rejectsAnInvalidRequestAndAnUnknownTask() throws Exception {
        assertThat(submit(new JsonObject()).statusCode()).isEqualTo(422);
        assertThat(submit(REQUEST.copy().put("width", "a")).statusCode()).isEqualTo(422);
        JsonObject task = new JsonObject(
                send("GET", url("/v1/get_result?id=unknown"), null).body());
        assertThat(task.getString("status"))
                .isEqualTo(DOCUMENTED.responseObject("task not found").getString("status"));
    }

    /** Paths with one segment below {@code /v1} belong to several protocols. */
    @Test
    void leavesOtherPathsToTheirProtocols() throws Exception {
        assertThat(send("POST", url("/v1/predictions"), new JsonObject().put("input", REQUEST))
                        .statusCode())
                .isEqualTo(201);
        assertThat(send("GET", url("/v1/models"), null).statusCode()).isEqualTo(200);
        assertThat(new JsonObject(send("GET", url("/v1/credits"), null).body()).getInteger("credits"))
                .isPositive();
    }
}
