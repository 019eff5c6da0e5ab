package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import io.vertx.core.json.JsonObject;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.time.Duration;
import java.util.UUID;
import javax.imageio.ImageIO;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A generation in each of its states, as the API reports it. */
@Tag("database")
class GenerationLifecycleIT {
    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    @Test
    void generatesImagesFromPrompt() throws Exception {
        // given
        JsonObject request = new JsonObject()
                .put("prompt", "Two lighthouses 灯台 🗼")
                .put("negativePrompt", "people")
                .put("width", 320)
                .put("height", 200)
                .put("count", 2)
                .put("seed", 7)
                .put("metadata", new JsonObject().put("project", "harbour"));

        // when
        JsonObject accepted = service.client().create(request);
        JsonObject ended = service.client().awaitEnd(accepted.getString("id"));

        // then
        assertThat(accepted.getString("status")).isEqualTo("PENDING");
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
        request.forEach(field -> assertThat(ended.getValue(field.getKey())).isEqualTo(field.getValue()));
        assertThat(ended.getInteger("failedAttempts")).isZero();
        assertThat(ended.getJsonArray("imageUrls")).hasSize(2);
        for (Object url : ended.getJsonArray("imageUrls")) {
            assertThat((String) url).startsWith(service.darkroom().api().toString());
            byte[] bytes =
                    service.client().get(URI.create((String) url).getPath()).body();
            BufferedImage image = ImageIO.read(new ByteArrayInputStream(bytes));
            assertThat(image.getWidth()).isEqualTo(320);
            assertThat(image.getHeight()).isEqualTo(200);
        }
    }

    @Test
    void choosesAndStoresDefaults() {
        // when
        JsonObject accepted = service.client().create(new JsonObject().put("prompt", "only a prompt"));
        JsonObject ended = service.client().awaitEnd(accepted.getString("id"));

        // then
        assertThat(accepted.getInteger("width")).isEqualTo(DarkroomInstanceSettings.DEFAULT_SIDE);
        assertThat(accepted.getInteger("height")).isEqualTo(DarkroomInstanceSettings.DEFAULT_SIDE);
        assertThat(accepted.getInteger("count")).isEqualTo(1);
        assertThat(accepted.getLong("seed")).isBetween(0L, (long) Integer.MAX_VALUE);
        assertThat(ended.getLong("seed")).isEqualTo(accepted.getLong("seed"));
        assertThat(service.aiServer()
                        .recordedRequests(accepted.getString("id"))
                        .get(0)
                        .getJsonObject("body")
                        .getLong("seed"))
                .isEqualTo(accepted.getLong("seed"));
    }

    @Test
    void reportsRunningAttempt() {
        // given
        service.aiServer().script(new JsonObject().put("delay", "2s"));

        // when
        String id = service.client().create("slow");
        ApiClient.ApiResponse running = Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(
                        () -> service.client().get("/api/generation/" + id),
                        apiResponse ->
                                !apiResponse.json().getJsonArray("attempts").isEmpty());

        // then
        assertThat(running.json().getString("status")).isEqualTo("PENDING");
        assertThat(running.header("Retry-After")).isNotNull();
        JsonObject attempt = running.json().getJsonArray("attempts").getJsonObject(0);
        assertThat(attempt.getString("outcome")).isEqualTo("RUNNING");
        assertThat(attempt.getInteger("number")).isEqualTo(1);
        JsonObject ended = service.client().awaitEnd(id);
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
        assertThat(ended.getJsonArray("attempts").getJsonObject(0).getString("outcome"))
                .isEqualTo("SUCCEEDED");
    }

    @Test
    void failsRejectedPromptWithReason() {
        // given
        service.aiServer().script(new JsonObject().put("moderation", true));

        // when
        String id = service.client().create("rejected by moderation");
        JsonObject ended = service.client().awaitEnd(id);

        // then
        assertThat(ended.getString("status")).isEqualTo("FAILED");
        assertThat(ended.getJsonObject("error").getString("errorClass")).isEqualTo("MODERATED");
        assertThat(ended.getJsonObject("error").getBoolean("retryable")).isFalse();
        assertThat(ended.getInteger("failedAttempts")).isEqualTo(1);
        assertThat(service.aiServer().recordedRequests(id)).hasSize(1);
    }

    @Test
    void returnsNotFoundForUnknownId() {
        // when
        ApiClient.ApiResponse apiResponse = service.client().get("/api/generation/" + UUID.randomUUID());

        // then
        assertThat(apiResponse.status()).isEqualTo(404);
        assertThat(apiResponse.json().getString("type")).isEqualTo("urn:darkroom:problem:not-found");
    }

    @Test
    void rejectsInvalidId() {
        // when
        ApiClient.ApiResponse apiResponse = service.client().get("/api/generation/42");

        // then
        assertThat(apiResponse.status()).isEqualTo(400);
        assertThat(apiResponse.json().getJsonArray("errors").getJsonObject(0).getString("pointer"))
                .isEqualTo("generationId");
    }
}
