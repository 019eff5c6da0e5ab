package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.api.contract.OpenApiResponseValidator;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.SseParser;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images and models of the OpenAI API. */
class OpenAiImagesIT {

    private static final DarkroomExtension.Models MODELS = new DarkroomExtension.Models("""
            backends:
              gpt: {url: "%1$s", parametersSchema: "%2$s"}
              plain: {url: "%1$s", imageFormats: png}
            models:
              gpt-image: gpt/gpt-image-2
              flux: plain
            """, """
            {"type": "object", "properties": {
              "quality": {"enum": ["low", "medium", "high"]},
              "background": {"enum": ["transparent", "opaque"]},
              "steps": {"type": "integer", "minimum": 1, "maximum": 50}}}""");

    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests(), MODELS);

    private static JsonObject request() {
        return new JsonObject().put("prompt", "A pier").put("size", "64x64");
    }

    private static ApiResponse post(JsonObject request) {
        return post(request, Map.of());
    }

    private static ApiResponse post(JsonObject request, Map<String, String> headers) {
        Map<String, String> all = new TreeMap<>(headers);
        all.put("Content-Type", "application/json");
        return service.client()
                .send("POST", "/v1/images/generations", all, request.encode().getBytes(StandardCharsets.UTF_8));
    }

    private static JsonObject error(ApiResponse response) {
        return response.json().getJsonObject("error");
    }

    @Test
    void returnsImagesInBase64() {
        // when
        ApiResponse response = post(request().put("n", 2));

        // then
        assertThat(response.status()).as(response.text()).isEqualTo(200);
        JsonObject json = response.json();
        assertThat(json.getJsonArray("data")).hasSize(2).allSatisfy(image -> {
            byte[] bytes = Base64.getDecoder().decode(((JsonObject) image).getString("b64_json"));
            assertThat(ImageIO.read(new ByteArrayInputStream(bytes)).getWidth()).isEqualTo(64);
        });
        assertThat(json.getString("size")).isEqualTo("64x64");
        assertThat(json.getString("output_format")).isEqualTo("png");
        assertThat(service.client()
                        .generation(response.header("Darkroom-Generation-Id"))
                        .getString("status"))
                .isEqualTo("COMPLETE");
    }

    @Test
    void returnsSignedUrls() {
        // when
        ApiResponse response = post(request().put("response_format", "url"));

        // then
        assertThat(response.status()).as(response.text()).isEqualTo(200);
        URI url =
                URI.create(response.json().getJsonArray("data").getJsonObject(0).getString("url"));
        assertThat(url).hasScheme("http");
        assertThat(service.client()
                        .get(url.getRawPath() + "?" + url.getRawQuery())
                        .status())
                .isEqualTo(200);
    }

    @Test
    void sendsParametersOfTheModel() {
        // when
        ApiResponse response =
                post(request().put("quality", "high").put("background", "auto").put("steps", 7));

        // then
        assertThat(response.status()).as(response.text()).isEqualTo(200);
        assertThat(response.json().getString("quality")).isEqualTo("high");
        assertThat(response.json().containsKey("background")).isFalse();
        JsonObject sent = service.aiServer().recordedRequests().get(0).getJsonObject("body");
        assertThat(sent.getString("quality")).isEqualTo("high");
        assertThat(sent.getInteger("steps")).isEqualTo(7);
        assertThat(sent.containsKey("background")).isFalse();
    }

    @Test
    void streamsImages() {
        // when
        ApiResponse response =
                post(request().put("stream", true).put("partial_images", 2).put("n", 2));

        // then
        assertThat(response.header("Content-Type")).isEqualTo("text/event-stream");
        List<SseParser.Frame> events = events(response);
        assertThat(events).hasSize(2).allSatisfy(event -> {
            JsonObject data = new JsonObject(event.data());
            assertThat(event.event()).isEqualTo("image_generation.completed");
            assertThat(Base64.getDecoder().decode(data.getString("b64_json"))).startsWith(0x89, 'P', 'N', 'G');
            assertThat(data.getString("size")).isEqualTo("64x64");
        });
    }

    @Test
    void sendsTheErrorOfAGenerationInTheStream() {
        // given
        service.aiServer().script(new JsonObject().put("moderation", true));

        // when
        ApiResponse response = post(request().put("stream", true));

        // then
        assertThat(response.status()).isEqualTo(200);
        assertThat(events(response)).singleElement().satisfies(event -> {
            assertThat(event.event()).isEqualTo("error");
            assertThat(new JsonObject(event.data()).getJsonObject("error").getString("code"))
                    .isEqualTo("moderation_blocked");
        });
    }

    @Test
    void rejectsStreamBeforeItsFirstByte() {
        assertThat(post(request().put("stream", true).put("quality", "ultra")).status())
                .isEqualTo(400);
    }

    private static List<SseParser.Frame> events(ApiResponse response) {
        List<SseParser.Frame> events = new ArrayList<>();
        SseParser parser = new SseParser("", event -> {
            OpenApiResponseValidator.checkEvent("POST", "/v1/images/generations", event.event(), event.data());
            events.add(event);
        });
        parser.feed(response.body());
        assertThat(parser.comments()).isPositive();
        return events;
    }

    @ParameterizedTest
    @CsvSource({
        "moderation, 400, image_generation_user_error, moderation_blocked",
        "quota, 500, server_error, quota_exhausted",
        "drop, 500, server_error, attempts_exhausted"
    })
    void returnsTheErrorOfAFailedGeneration(String fault, int status, String type, String code) {
        // given
        service.aiServer().script(new JsonObject().put(fault, true).put("times", 100));

        // when
        ApiResponse response = post(request());

        // then
        assertThat(response.status()).isEqualTo(status);
        assertThat(response.header("X-Should-Retry")).isEqualTo("false");
        assertThat(response.header("Darkroom-Generation-Id")).isNotNull();
        assertThat(error(response).getString("type")).isEqualTo(type);
        assertThat(error(response).getString("code")).isEqualTo(code);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "n | 99 | 400 | invalid_value | n",
                "n | -1 | 400 | invalid_value | n",
                "n | 1.5 | 400 | invalid_value | n",
                "size | \"16x16\" | 400 | invalid_value | size",
                "size | \"64\" | 400 | invalid_value | size",
                "model | \"dall-e-2\" | 404 | model_not_found | model",
                "quality | \"ultra\" | 400 | invalid_value | quality",
                "moderation | \"low\" | 400 | unsupported_parameter | moderation",
                "mask | \"x\" | 400 | unknown_parameter | mask",
                "prompt | \" \" | 400 | invalid_value | prompt",
                "prompt | null | 400 | invalid_value | prompt",
                "prompt | 1 | 400 | invalid_value | prompt",
                "response_format | \"hex\" | 400 | invalid_value | response_format",
                "stream | \"yes\" | 400 | invalid_value | stream",
                "partial_images | 1 | 400 | invalid_value | partial_images",
                "seed | 5 | 400 | unsupported_parameter | seed",
                "user | 5 | 400 | invalid_value | user",
                "prompt | \"\\u0000\" | 400 | invalid_value | prompt"
            })
    void rejectsInvalidParameter(String name, String value, int status, String code, String param) {
        // when
        ApiResponse response = post(request().put(name, Json.decodeValue(value)));

        // then
        assertThat(response.status()).as(response.text()).isEqualTo(status);
        assertThat(error(response).getString("code")).isEqualTo(code);
        assertThat(error(response).getString("param")).isEqualTo(param);
        assertThat(error(response).getString("type")).isEqualTo("invalid_request_error");
        assertThat(service.aiServer().recordedRequests()).isEmpty();
    }

    @Test
    void acceptsValuesWithoutEffect() {
        // when
        ApiResponse response = post(request()
                .put("model", "flux")
                .put("size", "auto")
                .put("quality", "auto")
                .put("background", "auto")
                .put("moderation", "auto")
                .put("output_format", "png")
                .put("output_compression", 100)
                .putNull("style")
                .put("user", "mary"));

        // then
        assertThat(response.status()).as(response.text()).isEqualTo(200);
        assertThat(service.client()
                        .generation(response.header("Darkroom-Generation-Id"))
                        .getJsonObject("metadata")
                        .getString("user"))
                .isEqualTo("mary");
    }

    @Test
    void returnsTenImages() {
        // when
        ApiResponse response = post(request().put("n", 10));

        // then
        assertThat(response.status()).as(response.text()).isEqualTo(200);
        assertThat(response.json().getJsonArray("data")).hasSize(10);
    }

    @Test
    void replaysRequestWithTheSameIdempotencyKey() {
        // given
        ApiResponse first = post(request(), Map.of("Idempotency-Key", "openai-1"));

        // when
        ApiResponse second = post(request(), Map.of("Idempotency-Key", "openai-1"));

        // then
        assertThat(second.json()).isEqualTo(first.json());
        assertThat(second.header("Idempotency-Replayed")).isEqualTo("true");
        assertThat(service.aiServer().recordedRequests()).hasSize(1);
        ApiResponse other = post(request().put("n", 2), Map.of("Idempotency-Key", "openai-1"));
        assertThat(other.status()).isEqualTo(422);
        assertThat(error(other).getString("code")).isEqualTo("idempotency_key_reused");
    }

    @Test
    void returnsErrorsOfPathsMethodsAndBodiesInTheFormOfOpenAi() {
        assertThat(error(service.client().get("/v1/files")).getString("code")).isEqualTo("not_found");
        ApiResponse method = service.client().get("/v1/images/generations");
        assertThat(method.status()).isEqualTo(405);
        assertThat(error(method).getString("code")).isEqualTo("method_not_supported");
        ApiResponse text = service.client()
                .send("POST", "/v1/images/generations", Map.of("Content-Type", "text/plain"), new byte[] {'x'});
        assertThat(text.status()).isEqualTo(415);
        ApiResponse malformed = service.client()
                .send("POST", "/v1/images/generations", Map.of("Content-Type", "application/json"), new byte[] {'{'});
        assertThat(malformed.status()).isEqualTo(400);
        assertThat(error(malformed).getString("code")).isEqualTo("invalid_request");
        ApiResponse large = post(request().put("prompt", "x".repeat(2_000_000)));
        assertThat(large.status()).isEqualTo(413);
    }

    @Test
    void listsModels() {
        assertThat(service.client().get("/v1/models").json().getJsonArray("data"))
                .extracting(model -> ((JsonObject) model).getString("id"))
                .containsExactly("gpt-image", "flux");
        assertThat(service.client().get("/v1/models/flux").json().getString("object"))
                .isEqualTo("model");
        ApiResponse unknown = service.client().get("/v1/models/dall-e-2");
        assertThat(unknown.status()).isEqualTo(404);
        assertThat(error(unknown).getString("code")).isEqualTo("model_not_found");
    }

    @Test
    void rejectsUnsupportedParameter() {
        // when
        ApiResponse response = post(request().put("model", "flux").put("quality", "high"));

        // then
        assertThat(response.status()).isEqualTo(400);
        assertThat(response.header("X-Should-Retry")).isEqualTo("false");
        assertThat(error(response).getString("type")).isEqualTo("invalid_request_error");
        assertThat(error(response).getString("param")).isEqualTo("quality");
    }
}
