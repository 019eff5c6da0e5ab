package dev.darkroom.simulator.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rendered images for sizes, seeds and prompts. */
class PlaceholderImageRendererTest {
    private static final String PROMPT = "A lighthouse at dusk";

    private final PlaceholderImageRenderer renderer = new PlaceholderImageRenderer();

    @Test
    void rendersTheSameBytesForTheSameArguments() {
        // when
        byte[] first = renderer.render(PROMPT, 42, 256, 192, 1);
        byte[] second = new PlaceholderImageRenderer().render(PROMPT, 42, 256, 192, 1);

        // then
        assertThat(second).isEqualTo(first);
    }

    @ParameterizedTest
    @CsvSource({"A lighthouse at dawn, 42, 0", "A lighthouse at dusk, 43, 0", "A lighthouse at dusk, 42, 1"})
    void rendersAnotherLandscapeForAnotherPromptSeedOrPosition(String prompt, long seed, int position)
            throws IOException {
        // given
        BufferedImage image = decode(renderer.render(PROMPT, 42, 128, 128, 0));

        // when
        BufferedImage other = decode(renderer.render(prompt, seed, 128, 128, position));

        // then most pixels of the upper half differ, which has no caption
        int different = 0;
        for (int y = 0; y < 64; y++) {
            for (int x = 0; x < 128; x++) {
                different += image.getRGB(x, y) == other.getRGB(x, y) ? 0 : 1;
            }
        }
        assertThat(different).isGreaterThan(64 * 128 / 2);
    }

    @ParameterizedTest
    @CsvSource({"64,64", "65,67", "1024,640", "2048,64", "64,2048", "2048,2048"})
    void rendersAPngOfTheRequestedSize(int width, int height) throws IOException {
        // when
        BufferedImage image = decode(renderer.render(PROMPT, 7, width, height, 0));

        // then
        assertThat(image.getWidth()).isEqualTo(width);
        assertThat(image.getHeight()).isEqualTo(height);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 63, 2049, Integer.MAX_VALUE})
    void rejectsASideOutOfRange(int side) {
        assertThatThrownBy(() -> renderer.render(PROMPT, 7, side, 128, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("64 to 2048");
        assertThatThrownBy(() -> renderer.render(PROMPT, 7, 128, side, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\n\t\u0000", "\uD800", "é\u0301\u0301", "\u200B\uFE0F", "東京 \uD83C\uDF03", "…"})
    void rendersAnyText(String prompt) throws IOException {
        assertThat(decode(renderer.render(prompt, Long.MIN_VALUE, 64, 64, 9))).isNotNull();
        assertThat(decode(renderer.render(prompt.repeat(8000), Long.MAX_VALUE, 128, 96, 9)))
                .isNotNull();
    }

    private static BufferedImage decode(byte[] file) throws IOException {
        return ImageIO.read(new ByteArrayInputStream(file));
    }
}
