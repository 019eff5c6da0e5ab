package dev.darkroom.genuine.facade;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.InProcessSimulator;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Open WebUI with Darkroom in its settings for images. */
@Tag("genuine")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class OpenWebUiFacadeGenuineIT {
    private static InProcessSimulator simulator;
    private static FacadeServer server;
    private static OpenWebUiProcess webUi;

    @BeforeAll
    static void start(@TempDir Path directory) throws Exception {
        simulator = new InProcessSimulator(Duration.ofMillis(5));
        server = FacadeServer.start(directory, simulator, settings -> {});
        webUi = OpenWebUiProcess.start(directory);
    }

    @AfterAll
    static void stop() {
        if (webUi != null) {
            webUi.close();
        }
        server.close();
        simulator.close();
    }

    @BeforeEach
    void configure() throws Exception {
        simulator.reset();
        webUi.configureImages(settings());
    }

    private static Map<String, Object> settings() {
        Map<String, Object> settings = new HashMap<>();
        settings.put("ENABLE_IMAGE_GENERATION", true);
        settings.put("IMAGE_GENERATION_ENGINE", "openai");
        settings.put("IMAGE_GENERATION_MODEL", FacadeServer.MODEL);
        settings.put("IMAGE_SIZE", "64x64");
        settings.put("IMAGES_OPENAI_API_BASE_URL", server.api().toString());
        settings.put("IMAGES_OPENAI_API_KEY", server.key());
        settings.put("ENABLE_IMAGE_EDIT", true);
        settings.put("IMAGE_EDIT_ENGINE", "openai");
        settings.put("IMAGE_EDIT_MODEL", FacadeServer.MODEL);
        settings.put("IMAGE_EDIT_SIZE", "64x64");
        settings.put("IMAGES_EDIT_OPENAI_API_BASE_URL", server.api().toString());
        settings.put("IMAGES_EDIT_OPENAI_API_KEY", server.key());
        return settings;
    }

    private static void assertImages(List<byte[]> images, int count) {
        assertThat(images)
                .hasSize(count)
                .allSatisfy(image -> assertThat(new String(image, 1, 3, StandardCharsets.US_ASCII))
                        .isEqualTo("PNG"));
    }

    @Test
    void makesImages() throws Exception {
        JsonObject request = new JsonObject().put("prompt", "a pier").put("n", 2);
        assertImages(webUi.makeImages("/api/v1/images/generations", request), 2);
        assertThat(simulator.recordedRequests()).hasSize(1);
    }

    @Test
    void editsImages() throws Exception {
        JsonObject request = new JsonObject()
                .put("prompt", "a pier at night")
                .put("image", "data:image/png;base64," + OpenAiClient.imageInBase64());
        assertImages(webUi.makeImages("/api/v1/images/edit", request), 1);
        assertThat(simulator.recordedRequests())
                .singleElement()
                .satisfies(submission ->
                        assertThat(submission.getJsonArray("inputImages")).hasSize(1));
    }

    @Test
    void reportsAnError() throws Exception {
        // given
        simulator.script(new JsonObject().put("moderation", true));

        // when
        HttpResponse<String> response =
                webUi.post("/api/v1/images/generations", new JsonObject().put("prompt", "a pier"));

        // then
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("Bad Request");
    }
}
