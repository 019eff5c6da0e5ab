package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.standardwebhooks.Webhook;
import dev.darkroom.image.TestImages;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.WebhookReceiver;
import dev.darkroom.testing.WebhookReceiver.ReceivedRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Predictions of the Replicate API. */
class PredictionsIT {
    private static final String MODEL = "acme/painter";

    private static final DarkroomExtension.Models MODELS = new DarkroomExtension.Models("""
            backends:
              first: {url: "%1$s", parametersSchema: "%2$s"}
            models:
              acme/painter: first
              3f1a2b4c5d6e7f: first
            """, """
            {"type": "object", "properties": {"steps": {"type": "integer", "minimum": 1, "maximum": 50}},
             "additionalProperties": false}""");

    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(
            DarkroomInstanceSettings.forTests()
                    .webhooksOnLoopback()
                    .with("DARKROOM_WEBHOOKS_RETRY_DELAYS", "100ms, 100ms"),
            MODELS);

    @Test
    void waitsForPrediction() {
        // when
        ApiResponse response = predict(input("A pier").put("num_outputs", 2).put("steps", 7), Map.of("Prefer", "wait"));

        // then
        assertThat(response.status()).as(response.text()).isEqualTo(201);
        JsonObject prediction = response.json();
        assertThat(prediction.getString("status")).isEqualTo("succeeded");
        assertThat(prediction.getString("model")).isEqualTo(MODEL);
        assertThat(prediction.getString("version")).isEqualTo(MODEL);
        assertThat(prediction.getString("error")).isNull();
        assertThat(prediction.getJsonObject("input").getInteger("steps")).isEqualTo(7);
        assertThat(prediction.getJsonObject("input").getInteger("num_outputs")).isEqualTo(2);
        assertThat(prediction.getJsonObject("metrics").getDouble("predict_time"))
                .isNotNegative();
        assertThat(prediction.getJsonArray("output")).hasSize(2).allSatisfy(url -> {
            URI image = URI.create((String) url);
            assertThat(service.client()
                            .get(image.getRawPath() + "?" + image.getRawQuery())
                            .status())
                    .isEqualTo(200);
        });
        URI self = URI.create(prediction.getJsonObject("urls").getString("get"));
        assertThat(service.client().get(self.getPath()).json().getString("status"))
                .isEqualTo("succeeded");
        assertThat(service.client().generation(prediction.getString("id")).getString("status"))
                .isEqualTo("COMPLETE");
    }

    @Test
    void createsPredictionOfAVersion() {
        JsonObject body = new JsonObject()
                .put("version", "3f1a2b4c5d6e7f")
                .put("input", input("A pier").putNull("seed").putNull("image"))
                .putNull("webhook")
                .putNull("webhook_events_filter");
        assertThat(send("/v1/predictions", body, Map.of("Prefer", "wait=30"))
                        .json()
                        .getString("status"))
                .isEqualTo("succeeded");
        JsonObject version = service.client()
                .get("/v1/models/acme/painter/versions/3f1a2b4c5d6e7f")
                .json();
        assertThat(version.getJsonObject("openapi_schema").encode()).contains("\"type\":\"array\"");
    }

    @Test
    void isStartingUntilItHasEnded() {
        // given
        service.aiServer().script(new JsonObject().put("hang", true));

        // when
        ApiResponse created = predict(input("A slow pier"), Map.of("Prefer", "wait=1"));

        // then
        assertThat(created.status()).isEqualTo(202);
        assertThat(created.json().getString("status")).isEqualTo("starting");
        assertThat(created.json().getValue("output")).isNull();
        assertThat(service.client().get(created.header("Location")).json().getString("status"))
                .isEqualTo("starting");

        // and when
        JsonObject canceled = cancel(created);

        // then
        assertThat(canceled.getString("status")).isEqualTo("canceled");
        assertThat(canceled.getString("error")).isNull();
        assertThat(cancel(created).getString("status")).isEqualTo("canceled");
    }

    private static JsonObject cancel(ApiResponse created) {
        URI cancel = URI.create(created.json().getJsonObject("urls").getString("cancel"));
        return service.client().send("POST", cancel.getPath(), Map.of(), null).json();
    }

    @Test
    void returnsReasonOfFailure() {
        // given
        service.aiServer().script(new JsonObject().put("moderation", true));

        // when
        JsonObject prediction =
                predict(input("A refused pier"), Map.of("Prefer", "wait")).json();

        // then
        assertThat(prediction.getString("status")).isEqualTo("failed");
        assertThat(prediction.getString("error")).isNotBlank();
    }

    /** @param mediaType the Python client declares the second one for files without a known name */
    @ParameterizedTest
    @ValueSource(strings = {"image/png", "application/octet-stream"})
    void sendsImagesOfDataUrls(String mediaType) {
        // given
        byte[] png = TestImages.noisePng(200, 200);
        String dataUrl = "data:" + mediaType + ";base64," + Base64.getEncoder().encodeToString(png);

        // when
        JsonObject prediction = predict(input("A pier at night").put("image", dataUrl), Map.of("Prefer", "wait"))
                .json();

        // then
        assertThat(prediction.getString("status")).as(prediction.encode()).isEqualTo("succeeded");
        assertThat(prediction.getJsonObject("input").containsKey("image")).isFalse();
        JsonObject sent = service.aiServer()
                .recordedRequests()
                .get(0)
                .getJsonArray("inputImages")
                .getJsonObject(0);
        assertThat(sent.getString("sha256")).isEqualTo(DigestUtils.sha256Hex(png));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "steps             | \"many\"                       | input.steps",
                "aspect_ratio      | \"16:9\"                       | input.aspect_ratio",
                "num_outputs       | 99                             | input.num_outputs",
                "width             | 1                              | input.width",
                "seed              | -5                             | input.seed",
                "image             | \"data:image/png;base64,AAAA\" | input.image",
                "image             | \"data:,text\"                 | input.image",
                "image             | \"file:///etc/passwd\"         | input.image",
                "mask              | \"https://images.example.org/\" | input.mask",
                "prompt            | 5                              | input.prompt"
            })
    void namesInvalidInput(String name, String value, String field) {
        // when
        ApiResponse response =
                predict(input("A pier").put(name, new JsonArray("[" + value + "]").getValue(0)), Map.of());

        // then
        assertThat(response.status()).as(response.text()).isEqualTo(422);
        assertThat(response.json().getString("title")).isEqualTo("Input validation failed");
        assertThat(response.json().getInteger("status")).isEqualTo(422);
        assertThat(response.json().getString("detail")).startsWith("- " + field + " ");
        assertThat(response.json()
                        .getJsonArray("invalid_fields")
                        .getJsonObject(0)
                        .getString("field"))
                .isEqualTo(field);
        assertThat(service.aiServer().recordedRequests()).isEmpty();
    }

    @Test
    void sendsPredictionToWebhook() throws Exception {
        try (WebhookReceiver receiver = new WebhookReceiver()) {
            // given a receiver that fails once
            receiver.script("/done", WebhookReceiver.ResponseStep.withStatus(500));
            String secret =
                    service.client().get("/v1/webhooks/default/secret").json().getString("key");
            JsonObject body = new JsonObject()
                    .put("input", input("A pier"))
                    .put("webhook", receiver.url("/done"))
                    .put("webhook_events_filter", JsonArray.of("completed"));

            // when
            JsonObject prediction = send("/v1/models/acme/painter/predictions", body, Map.of("Prefer", "wait"))
                    .json();

            // then each attempt has the prediction, signed
            List<ReceivedRequest> received = await().atMost(Duration.ofSeconds(60))
                    .until(() -> receiver.receivedRequests("/done"), requests -> requests.size() == 2);
            for (ReceivedRequest request : received) {
                JsonObject sent = request.json();
                new Webhook(secret).verify(request.body(), headers(request));
                assertThat(sent.getString("id")).isEqualTo(prediction.getString("id"));
                assertThat(sent.getString("status")).isEqualTo("succeeded");
                URI image = URI.create(sent.getJsonArray("output").getString(0));
                assertThat(service.client()
                                .get(image.getRawPath() + "?" + image.getRawQuery())
                                .status())
                        .isEqualTo(200);
                assertThat(sent.getJsonObject("urls")).isEqualTo(prediction.getJsonObject("urls"));
            }
            assertThat(received.get(1).id()).isEqualTo(received.get(0).id());
        }
    }

    @Test
    void rejectsWebhookThatIsNotPermitted() {
        JsonObject body =
                new JsonObject().put("input", input("A pier")).put("webhook", "https://user@hooks.example.org/");
        ApiResponse response = send("/v1/models/acme/painter/predictions", body, Map.of());
        assertThat(response.status()).isEqualTo(422);
        assertThat(response.json().getString("detail")).startsWith("- webhook ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"start", "logs"})
    void rejectsOtherWebhookEvents(String event) {
        JsonObject body = new JsonObject()
                .put("input", input("A pier"))
                .put("webhook_events_filter", JsonArray.of(event, "completed"));
        ApiResponse response = send("/v1/models/acme/painter/predictions", body, Map.of());
        assertThat(response.status()).isEqualTo(422);
        assertThat(response.json().getString("detail")).startsWith("- webhook_events_filter ");
    }

    @Test
    void returnsErrorsInTheFormOfTheApi() {
        for (String path : List.of(
                "/v1/predictions/" + UUID.randomUUID(),
                "/v1/predictions/x",
                "/v1/models/acme/none/versions/1",
                "/v1/webhooks/none")) {
            ApiResponse response = service.client().get(path);
            assertThat(response.status()).isEqualTo(404);
            assertThat(response.header("Content-Type")).isEqualTo("application/json");
            assertThat(response.json().fieldNames()).containsExactlyInAnyOrder("title", "detail", "status");
        }
        assertThat(send("/v1/models/acme/none/predictions", new JsonObject().put("input", input("A pier")), Map.of())
                        .json()
                        .getString("detail"))
                .isEqualTo("The model acme/none does not exist.");
        assertThat(service.client().get("/v1/models/none").json().containsKey("error"))
                .isTrue();
        assertThat(service.client()
                        .send(
                                "POST",
                                "/v1/models/acme/painter/predictions",
                                Map.of("Content-Type", "application/json"),
                                new byte[0])
                        .json()
                        .getString("detail"))
                .isEqualTo("- body is empty; a JSON object is expected\n");
    }

    private static HttpHeaders headers(ReceivedRequest request) {
        return HttpHeaders.of(
                request.headers().entrySet().stream()
                        .collect(Collectors.toMap(Map.Entry::getKey, header -> List.of(header.getValue()))),
                (name, value) -> true);
    }

    private static JsonObject input(String prompt) {
        return new JsonObject().put("prompt", prompt).put("width", 64).put("height", 64);
    }

    private static ApiResponse predict(JsonObject input, Map<String, String> headers) {
        return send("/v1/models/" + MODEL + "/predictions", new JsonObject().put("input", input), headers);
    }

    private static ApiResponse send(String path, JsonObject body, Map<String, String> headers) {
        Map<String, String> all = new TreeMap<>(headers);
        all.put("Content-Type", "application/json");
        return service.client().send("POST", path, all, body.encode().getBytes(StandardCharsets.UTF_8));
    }
}
