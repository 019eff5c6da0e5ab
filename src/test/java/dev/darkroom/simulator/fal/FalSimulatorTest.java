package dev.darkroom.simulator.fal;

import static dev.darkroom.testing.RecordedExchanges.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.RecordedExchanges;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares responses of the simulator with recorded ones, field by field. */
class FalSimulatorTest {
    private static final RecordedExchanges RECORDED = RecordedExchanges.load("fal");
    private static final JsonObject INPUT = new JsonObject()
            .put("prompt", "a fox")
            .put("seed", 7)
            .put("image_size", new JsonObject().put("width", 96).put("height", 64));

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

    private HttpResponse<String> send(String method, String url, JsonObject body) {
        try {
            return client.send(
                    HttpRequest.newBuilder(URI.create(url))
                            .method(
                                    method,
                                    body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body.encode()))
                            .build(),
                    BodyHandlers.ofString());
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private String url(String path) {
        return "http://127.0.0.1:" + simulator.port() + "/fal" + path;
    }

    private static void assertSameFields(HttpResponse<String> response, String name) {
        assertThat(response.statusCode()).as(name).isEqualTo(RECORDED.status(name));
        assertThat(shape(new JsonObject(response.body()))).as(name).isEqualTo(shape(RECORDED.response(name)));
    }

    private JsonObject submit() {
        return new JsonObject(send("POST", url("/acme/painter/fast"), INPUT).body());
    }

    private HttpResponse<String> awaitResult(JsonObject submitted) {
        await().until(() -> send("GET", submitted.getString("status_url"), null).statusCode() == 200);
        return send("GET", submitted.getString("response_url"), null);
    }

    @Test
    void requestHasTheRecordedStates() {
        // given
        simulator.script(new JsonObject().put("delay", "10m"));
        HttpResponse<String> created = send("POST", url("/acme/painter/fast"), INPUT);
        assertSameFields(created, "created");
        JsonObject submitted = new JsonObject(created.body());
        assertThat(submitted.getString("status_url"))
                .isEqualTo(url("/acme/painter/requests/" + submitted.getString("request_id") + "/status"));

        // when
        JsonObject waiting = new JsonObject(
                send("GET", submitted.getString("status_url"), null).body());
        HttpResponse<String> running = send("GET", submitted.getString("status_url"), null);

        // then
        assertThat(waiting.getString("status")).isEqualTo("IN_QUEUE");
        assertThat(waiting.getInteger("queue_position")).isZero();
        assertThat(running.statusCode()).isEqualTo(RECORDED.status("in progress"));
        assertThat(new JsonObject(running.body()).getString("status")).isEqualTo("IN_PROGRESS");
        assertThat(RECORDED.responseObject("in progress").fieldNames())
                .containsAll(new JsonObject(running.body()).fieldNames());
        assertThat(send("GET", submitted.getString("response_url"), null).statusCode())
                .isEqualTo(400);
    }

    @Test
    void requestEndsWithTheRecordedResult() {
        // given
        JsonObject submitted = submit();

        // when
        HttpResponse<String> result = awaitResult(submitted);

        // then
        assertSameFields(send("GET", submitted.getString("status_url"), null), "completed");
        assertSameFields(result, "result");
        JsonObject image = new JsonObject(result.body()).getJsonArray("images").getJsonObject(0);
        assertThat(image.getInteger("height")).isEqualTo(64);
        assertThat(send("GET", image.getString("url"), null).headers().firstValue("Content-Type"))
                .contains("image/png");
    }

    @Test
    void cancellationEndsARequest() {
        // given
        simulator.script(new JsonObject().put("delay", "10m"));
        JsonObject submitted = submit();

        // when
        HttpResponse<String> canceled = send("PUT", submitted.getString("cancel_url"), null);

        // then
        assertThat(canceled.statusCode()).isEqualTo(202);
        assertThat(new JsonObject(canceled.body()).getString("status")).isEqualTo("CANCELLATION_REQUESTED");
        assertThat(send("PUT", submitted.getString("cancel_url"), null).statusCode())
                .isEqualTo(400);
        assertThat(awaitResult(submitted).headers().firstValue("X-Fal-Error-Type"))
                .contains("client_cancelled");
        assertThat(send("PUT", url("/acme/painter/requests/unknown/cancel"), null)
                        .statusCode())
                .isEqualTo(404);
        assertThat(send("GET", url("/acme/painter/requests/unknown/status"), null)
                        .statusCode())
                .isEqualTo(404);
    }

    @Test
    void queueAcceptsInvalidInputAndTheResultIsItsError() {
        JsonObject submitted = new JsonObject(
                send("POST", url("/acme/painter"), new JsonObject()).body());
        assertThat(awaitResult(submitted).statusCode()).isEqualTo(422);
    }

    @Test
    void appReturnsImages() {
        HttpResponse<String> response = send("POST", url(""), INPUT);
        JsonObject recorded = RECORDED.responseObject("app success");
        assertThat(response.statusCode()).isEqualTo(RECORDED.status("app success"));
        assertThat(new JsonObject(response.body()).fieldNames()).containsAll(recorded.fieldNames());
        assertThat(shape(new JsonObject(response.body()).getJsonArray("images")))
                .isEqualTo(shape(recorded.getJsonArray("images")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {}                             | {"ok":true}                   | app missing input
            {"prompt":"x","width":99999}   | {"ok":true}                   | app input too large
            {"prompt":"x"}                 | {"moderation":true}           | app content policy
            {"prompt":"x"}                 | {"failedJob":"RuntimeError"}  | app exception
            """)
    void appRespondsWithTheRecordedErrors(String body, String step, String name) {
        // given
        simulator.script(new JsonObject(step));

        // when
        HttpResponse<String> response = send("POST", url(""), new JsonObject(body));

        // then
        assertThat(response.statusCode()).isEqualTo(RECORDED.status(name));
        Object expected = RECORDED.responseObject(name).getValue("detail");
        Object actual = new JsonObject(response.body()).getValue("detail");
        if (expected instanceof JsonArray errors) {
            JsonObject recorded = errors.getJsonObject(0);
            JsonObject error = ((JsonArray) actual).getJsonObject(0);
            assertThat(error.getJsonArray("loc")).isEqualTo(recorded.getJsonArray("loc"));
            assertThat(recorded.fieldNames()).containsAll(error.fieldNames());
        } else {
            assertThat(actual).isEqualTo(expected);
        }
    }
}
