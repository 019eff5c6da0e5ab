package dev.darkroom.backend.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.image.ChunkedBytes;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageInspector;
import dev.darkroom.image.TestImages;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;

class InlineImageBodyTest {
    private static final Image LARGE = image(TestImages.noisePng(300, 200));
    private static final Image SMALL = image(TestImages.jpeg(64, 64));

    private static Image image(byte[] file) {
        return ImageInspector.inspect(ChunkedBytes.of(file), 1 << 20);
    }

    private static String base64(Image image) {
        return Base64.getEncoder().encodeToString(image.bytes().toBytes());
    }

    @Test
    void encodesBase64() {
        // when
        JsonObject body = new JsonObject(new InlineImageBody(LARGE.size() + SMALL.size(), false)
                .start(new JsonObject().put("prompt", "a \"b\""))
                .addAll("init_images", List.of(LARGE, SMALL))
                .add("mask", SMALL)
                .end());

        // then
        assertThat(body)
                .isEqualTo(new JsonObject()
                        .put("prompt", "a \"b\"")
                        .put("init_images", new JsonArray().add(base64(LARGE)).add(base64(SMALL)))
                        .put("mask", base64(SMALL)));
    }

    @Test
    void encodesDataUrlsInANestedObject() {
        // when
        JsonObject body = new JsonObject(new InlineImageBody(LARGE.size(), true)
                .start(new JsonObject())
                .start("input", new JsonObject())
                .add("image", LARGE)
                .end());

        // then
        assertThat(body)
                .isEqualTo(new JsonObject()
                        .put("input", new JsonObject().put("image", "data:image/png;base64," + base64(LARGE))));
    }
}
