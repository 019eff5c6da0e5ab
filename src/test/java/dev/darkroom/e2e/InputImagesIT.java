package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.image.TestImages;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Generations that are based on uploaded images, through every protocol that sends images. */
class InputImagesIT {
    @TempDir
    Path directory;

    private final DatabaseUrl database = TestPostgres.migratedDatabase();
    private InProcessSimulator simulator;
    private DarkroomInstance darkroom;
    private ApiClient client;

    @BeforeEach
    void start() throws IOException {
        simulator = new InProcessSimulator(Duration.ofMillis(5));
        darkroom = InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests().database(database).aiServer(simulator));
        client = darkroom.client();
    }

    @AfterEach
    void stop() {
        darkroom.close();
        simulator.close();
    }

    private JsonObject upload(byte[] image, String mediaType) {
        ApiClient.ApiResponse response = client.send("POST", "/api/uploads", Map.of("Content-Type", mediaType), image);
        assertThat(response.status()).as(response.text()).isEqualTo(201);
        assertThat(response.header("Location"))
                .isEqualTo("/api/uploads/" + response.json().getString("id"));
        return response.json();
    }

    private static JsonObject reference(JsonObject upload) {
        return new JsonObject().put("uploadId", upload.getString("id"));
    }

    private static JsonObject sent(String field, byte[] image) {
        return new JsonObject()
                .put("field", field)
                .put("bytes", image.length)
                .put("sha256", DigestUtils.sha256Hex(image));
    }

    private List<Object> inputImages(String generationId) {
        List<JsonObject> requests = simulator.recordedRequests(generationId);
        assertThat(requests).hasSize(1);
        return requests.get(0).getJsonArray("inputImages").getList();
    }

    @Test
    void sendsUploadsToImageEdits() {
        // given two uploads, one of them with metadata, and a mask
        byte[] first = TestImages.png(80, 64);
        byte[] second = TestImages.jpeg(64, 64);
        byte[] mask = TestImages.png(64, 64);
        JsonObject firstUpload = upload(TestImages.pngWithChunk(80, 64, "tEXt", "Comment\0secret"), "image/png");
        JsonObject secondUpload = upload(second, "image/jpeg");
        assertThat(firstUpload.getString("sha256")).isEqualTo(DigestUtils.sha256Hex(first));

        // when
        JsonObject request = new JsonObject()
                .put("prompt", "replace the boat by a lighthouse")
                .put("seed", 7)
                .put("inputImages", new JsonArray().add(reference(firstUpload)).add(reference(secondUpload)))
                .put("mask", reference(upload(mask, "image/png")));
        JsonObject ended = client.awaitEnd(client.create(request).getString("id"));

        // then the AI server got the same bytes, without metadata
        assertThat(ended.getString("status")).as(ended.encode()).isEqualTo("COMPLETE");
        assertThat(inputImages(ended.getString("id")))
                .extracting(image -> new JsonObject((Map<String, Object>) image))
                .containsExactly(sent("image[]", first), sent("image[]", second), sent("mask", mask));
        // and the generation shows its images
        assertThat(ended.getJsonArray("inputImages")).isEqualTo(request.getJsonArray("inputImages"));
        assertThat(ended.getJsonObject("mask")).isEqualTo(request.getJsonObject("mask"));
        // and another image leads to another result
        JsonObject other = client.awaitEnd(client.create(
                        request.copy().put("inputImages", new JsonArray().add(reference(secondUpload))))
                .getString("id"));
        assertThat(sha256(other)).isNotEqualTo(sha256(ended));
    }

    private static String sha256(JsonObject generation) {
        return generation.getJsonArray("images").getJsonObject(0).getString("sha256");
    }
}
