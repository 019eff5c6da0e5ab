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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

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
        Path workflow = Path.of("conf/examples/comfyui-edit-workflow.json").toAbsolutePath();
        Path conf = Files.writeString(directory.resolve("backends.yaml"), """
                backends:
                  openai: {url: "%1$s"}
                  automatic1111: {type: automatic1111, url: "%2$s"}
                  comfyui: {type: comfyui, url: "%2$s", workflow: "%3$s"}
                  fal: {type: fal, url: "%2$sfal", inputFields: "prompt, seed, images=image_urls, mask=mask_url", downloadNetworks: 127.0.0.1/32}
                  cog: {type: cog, url: "%2$s", inputFields: "prompt, seed"}
                models:
                  openai: openai/edit-model
                  automatic1111: automatic1111
                  comfyui: comfyui
                  fal: fal/owner/edit
                  cog: cog
                """.formatted(
                        simulator.url(), simulator.url().resolve("/"), workflow));
        darkroom = InProcessDarkroom.start(
                directory.resolve("data"),
                DarkroomInstanceSettings.forTests().database(database).with("DARKROOM_CONF", conf.toString()));
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

    /** Names of the fields in which a protocol sends two images and a mask. */
    static Stream<Arguments> protocols() {
        return Stream.of(
                Arguments.of("openai", 2, "image[]", "mask"),
                Arguments.of("automatic1111", 1, "init_images", "mask"),
                Arguments.of("comfyui", 1, "LoadImage", "LoadImageMask"),
                Arguments.of("fal", 2, "image_urls", "mask_url"));
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void sendsUploads(String model, int count, String imageField, String maskField) {
        // given uploads, one of them with metadata, and a mask
        byte[] first = TestImages.png(80, 64);
        byte[] second = TestImages.jpeg(64, 64);
        byte[] mask = TestImages.png(64, 64);
        JsonObject firstUpload = upload(TestImages.pngWithChunk(80, 64, "tEXt", "Comment\0secret"), "image/png");
        JsonObject secondUpload = upload(second, "image/jpeg");
        assertThat(firstUpload.getString("sha256")).isEqualTo(DigestUtils.sha256Hex(first));
        JsonArray images = new JsonArray().add(reference(firstUpload));
        List<JsonObject> sent = new ArrayList<>(List.of(sent(imageField, first)));
        if (count == 2) {
            images.add(reference(secondUpload));
            sent.add(sent(imageField, second));
        }
        sent.add(sent(maskField, mask));

        // when
        JsonObject request = new JsonObject()
                .put("prompt", "replace the boat by a lighthouse")
                .put("model", model)
                .put("seed", 7)
                .put("inputImages", images)
                .put("mask", reference(upload(mask, "image/png")));
        JsonObject ended = client.awaitEnd(client.create(request).getString("id"));

        // then the AI server got the same bytes, without metadata
        assertThat(ended.getString("status")).as(ended.encode()).isEqualTo("COMPLETE");
        assertThat(simulator.recordedRequests()).singleElement().satisfies(received -> {
            assertThat(received.getJsonArray("inputImages")).isEqualTo(new JsonArray(sent));
        });
        // and the generation shows its images
        assertThat(ended.getJsonArray("inputImages")).isEqualTo(images);
        assertThat(ended.getJsonObject("mask")).isEqualTo(request.getJsonObject("mask"));
        // and another image leads to another result
        JsonArray others = count == 2
                ? new JsonArray().add(reference(secondUpload)).add(reference(firstUpload))
                : new JsonArray().add(reference(secondUpload));
        JsonObject other = client.awaitEnd(
                client.create(request.copy().put("inputImages", others)).getString("id"));
        assertThat(other.getString("status")).as(other.encode()).isEqualTo("COMPLETE");
        assertThat(sha256(other)).isNotEqualTo(sha256(ended));
    }

    private static String sha256(JsonObject generation) {
        return generation.getJsonArray("images").getJsonObject(0).getString("sha256");
    }
}
