package dev.darkroom.simulator.openai;

import static dev.darkroom.testing.RecordedExchanges.shape;
import static org.assertj.core.api.Assertions.assertThat;

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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compares the simulator with a LiteLLM proxy, field by field. LiteLLM has all fields of the OpenAI API, with null for those that a
 * provider does not send.
 */
class OpenAiRecordingTest {
    private static final RecordedExchanges RECORDED = RecordedExchanges.load("litellm-1.108.7");

    private InProcessSimulator simulator;

    @BeforeEach
    void start() {
        simulator = new InProcessSimulator(Duration.ZERO);
    }

    @AfterEach
    void stop() {
        simulator.close();
    }

    /** Repeats a recorded request, with the fault that the provider of LiteLLM had. */
    private HttpResponse<String> repeat(String name) throws Exception {
        JsonObject exchange = RECORDED.exchange(name);
        simulator.script(exchange.getJsonObject("upstream"));
        HttpRequest request = HttpRequest.newBuilder(URI.create(simulator.url() + "/images/generations"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(exchange.getJsonObject("body").encode()))
                .build();
        HttpResponse<String> response = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(exchange.getInteger("status"));
        assertThat(response.headers().firstValue("Content-Type")).hasValue(exchange.getString("contentType"));
        return response;
    }

    @ParameterizedTest
    @ValueSource(strings = {"success", "urls"})
    void imagesHaveTheRecordedFields(String name) throws Exception {
        // when
        JsonObject response = new JsonObject(repeat(name).body());

        // then
        JsonObject recorded = RECORDED.responseObject(name);
        assertSubset(response, recorded);
        assertSubset(
                response.getJsonArray("data").getJsonObject(0),
                recorded.getJsonArray("data").getJsonObject(0));
    }

    private static void assertSubset(JsonObject response, JsonObject recorded) {
        assertThat(recorded.fieldNames()).containsAll(response.fieldNames());
        response.forEach(field -> {
            if (!(field.getValue() instanceof JsonArray)) {
                assertThat(shape(field.getValue()))
                        .as(field.getKey())
                        .isEqualTo(shape(recorded.getValue(field.getKey())));
            }
        });
    }

    @Test
    void successWithoutImagesIsEmptyAsRecorded() throws Exception {
        assertThat(new JsonObject(repeat("empty").body()).getJsonArray("data"))
                .isEqualTo(RECORDED.responseObject("empty").getJsonArray("data"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"size", "moderation", "quota", "unauthorized", "limited", "failed", "unavailable"})
    void errorsHaveTheRecordedFields(String name) throws Exception {
        // when
        JsonObject error = new JsonObject(repeat(name).body()).getJsonObject("error");

        // then
        JsonObject recorded = RECORDED.responseObject(name).getJsonObject("error");
        assertThat(error.fieldNames()).isEqualTo(recorded.fieldNames());
        assertThat(recorded.getString("message")).contains(error.getString("message"));
        assertThat(error.getString("param")).isEqualTo(recorded.getString("param"));
    }
}
