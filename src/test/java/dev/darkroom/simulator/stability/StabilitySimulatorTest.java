package dev.darkroom.simulator.stability;

import static dev.darkroom.testing.RecordedExchanges.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.http.MultipartBody;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.RecordedExchanges;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Compares responses of the simulator with recorded and documented ones. */
class StabilitySimulatorTest {
    private static final RecordedExchanges RECORDED = RecordedExchanges.load("stability");

    private final HttpClient client = HttpClient.newHttpClient();

    @AutoClose
    private final InProcessSimulator simulator = new InProcessSimulator(Duration.ZERO);

    private static MultipartBody form() {
        return new MultipartBody(1_000).addText("prompt", "a fox");
    }

    private HttpResponse<String> submit(String contentType, byte[] body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + simulator.port() + "/v2beta/stable-image/generate/core"))
                .header("Content-Type", contentType)
                .header("Authorization", "Bearer x")
                .POST(BodyPublishers.ofByteArray(body))
                .build();
        return client.send(request, BodyHandlers.ofString());
    }

    private HttpResponse<String> submit(MultipartBody form) throws Exception {
        return submit(form.contentType(), form.end().getBytes());
    }

    @Test
    void responseHasTheDocumentedFields() throws Exception {
        // when
        HttpResponse<String> response = submit(form().addText("aspect_ratio", "9:21"));

        // then
        assertThat(response.statusCode()).isEqualTo(RECORDED.status("success"));
        assertThat(shape(new JsonObject(response.body()))).isEqualTo(shape(RECORDED.response("success")));
        assertThat(simulator.recordedRequests()).singleElement().satisfies(entry -> {
            assertThat(entry.getJsonObject("body").getString("aspect_ratio")).isEqualTo("9:21");
            assertThat(entry.getBoolean("authorization")).isTrue();
        });
    }

    @Test
    void filteredImageComesWithASuccess() throws Exception {
        simulator.script(new JsonObject().put("moderation", true));
        HttpResponse<String> response = submit(form());
        assertThat(response.statusCode()).isEqualTo(RECORDED.status("filtered"));
        assertThat(new JsonObject(response.body()).getString("finish_reason"))
                .isEqualTo(RECORDED.responseObject("filtered").getString("finish_reason"));
    }

    @Test
    void rejectsOtherRequestsAsRecorded() throws Exception {
        HttpResponse<String> response = submit("application/json", "{}".getBytes(StandardCharsets.UTF_8));
        JsonObject recorded = RECORDED.responseObject("not a form");
        JsonObject error = new JsonObject(response.body());
        assertThat(response.statusCode()).isEqualTo(RECORDED.status("not a form"));
        assertThat(shape(error)).isEqualTo(shape(recorded));
        assertThat(error.getString("name")).isEqualTo(recorded.getString("name"));
        assertThat(error.getJsonArray("errors")).isEqualTo(recorded.getJsonArray("errors"));
    }

    @Test
    void rejectsInvalidFields() throws Exception {
        assertThat(submit(new MultipartBody(100)).statusCode()).isEqualTo(400);
        assertThat(submit(form().addText("aspect_ratio", "4:3")).statusCode()).isEqualTo(400);
        assertThat(submit(form().addText("seed", "-1")).statusCode()).isEqualTo(400);
        assertThat(submit(form().addText("seed", "a")).statusCode()).isEqualTo(400);
    }
}
