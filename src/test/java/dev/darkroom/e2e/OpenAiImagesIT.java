package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images and models of the OpenAI API. */
class OpenAiImagesIT {
    private static final String SCHEMA = """
            {"type": "object", "properties": {
              "quality": {"enum": ["low", "medium", "high"]},
              "background": {"enum": ["transparent", "opaque"]},
              "steps": {"type": "integer", "minimum": 1, "maximum": 50}}}""";

    @TempDir
    static Path directory;

    @AutoClose
    private static InProcessSimulator simulator;

    @AutoClose
    private static DarkroomInstance darkroom;

    private static ApiClient client;

    @BeforeAll
    static void start() throws IOException {
        simulator = new InProcessSimulator(Duration.ofMillis(5));
        Path schema = Files.writeString(directory.resolve("parameters.json"), SCHEMA);
        Path conf = Files.writeString(directory.resolve("openai.yaml"), """
                backends:
                  gpt: {url: "%1$s", parametersSchema: "%2$s"}
                  plain: {url: "%1$s", imageFormats: png}
                models:
                  gpt-image: gpt/gpt-image-2
                  flux: plain
                """.formatted(simulator.url(), schema));
        darkroom = InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(TestPostgres.migratedDatabase())
                        .with("DARKROOM_CONF", conf.toString()));
        client = darkroom.client();
    }

    @BeforeEach
    void reset() {
        simulator.reset();
    }

    private static JsonObject request() {
        return new JsonObject().put("prompt", "A pier").put("size", "64x64");
    }

    private static ApiResponse post(JsonObject request) {
        return post(request, Map.of());
    }

    private static ApiResponse post(JsonObject request, Map<String, String> headers) {
        Map<String, String> all = new TreeMap<>(headers);
        all.put("Content-Type", "application/json");
        return client.send(
                "POST", "/v1/images/generations", all, request.encode().getBytes(StandardCharsets.UTF_8));
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
        assertThat(client.generation(response.header("Darkroom-Generation-Id")).getString("status"))
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
        assertThat(client.get(url.getRawPath() + "?" + url.getRawQuery()).status())
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
        JsonObject sent = simulator.recordedRequests().get(0).getJsonObject("body");
        assertThat(sent.getString("quality")).isEqualTo("high");
        assertThat(sent.getInteger("steps")).isEqualTo(7);
        assertThat(sent.containsKey("background")).isFalse();
    }

    @Test
    void listsModels() {
        assertThat(client.get("/v1/models").json().getJsonArray("data"))
                .extracting(model -> ((JsonObject) model).getString("id"))
                .containsExactly("gpt-image", "flux");
        assertThat(client.get("/v1/models/flux").json().getString("object")).isEqualTo("model");
        ApiResponse unknown = client.get("/v1/models/dall-e-2");
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
