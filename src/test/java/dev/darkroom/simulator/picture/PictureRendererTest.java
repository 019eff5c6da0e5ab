package dev.darkroom.simulator.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PictureRendererTest {
    private static final String PROMPT = "A lighthouse at dusk";

    private final PictureRenderer renderer = new PictureRenderer();

    @Test
    void theSameInputGivesTheSameBytes() {
        // when
        byte[] first = renderer.render(PROMPT, 42, 256, 192, 1);
        byte[] second = new PictureRenderer().render(PROMPT, 42, 256, 192, 1);

        // then
        assertThat(second).isEqualTo(first);
    }

    @Test
    void thePixelsAreTheSameOnEveryMachine() throws NoSuchAlgorithmException, IOException {
        // when a picture with every part of a scene and letters of every kind is rendered
        String prompt = "Über naïve Ängste, señor Çå – 東京 \uD83C\uDF03 (#1) & more";
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (int seed = 0; seed < 16; seed++) {
            BufferedImage picture = decode(renderer.render(prompt, seed, 128, 96, seed));
            for (int pixel : picture.getRGB(0, 0, 128, 96, null, 0, 128)) {
                digest.update(ByteBuffer.allocate(4).putInt(pixel).array());
            }
        }

        // then the pixels are those that were recorded once; a change of the painter changes them on purpose
        assertThat(HexFormat.of().formatHex(digest.digest()))
                .isEqualTo("0f5a93ec31a76d277a933926fac8d18cd9ffd3ecad10fd2c6deadc71d0437b1d");
    }

    @Test
    void promptSeedAndPositionEachChangeThePicture() {
        // given
        byte[] picture = renderer.render(PROMPT, 42, 128, 128, 0);

        // then
        assertThat(renderer.render(PROMPT + ".", 42, 128, 128, 0)).isNotEqualTo(picture);
        assertThat(renderer.render(PROMPT, 43, 128, 128, 0)).isNotEqualTo(picture);
        assertThat(renderer.render(PROMPT, 42, 128, 128, 1)).isNotEqualTo(picture);
    }

    @Test
    void differentPromptsLookDifferentAndNotOnlyInTheirLetters() throws IOException {
        // given
        BufferedImage one = decode(renderer.render("a red fox", 1, 128, 128, 0));
        BufferedImage other = decode(renderer.render("a blue whale", 1, 128, 128, 0));

        // when
        int changed = 0;
        for (int y = 0; y < 64; y++) {
            for (int x = 0; x < 128; x++) {
                changed += one.getRGB(x, y) == other.getRGB(x, y) ? 0 : 1;
            }
        }

        // then
        assertThat(changed).as("pixels changed in the upper half").isGreaterThan(64 * 128 / 2);
    }

    @ParameterizedTest
    @CsvSource({"64,64", "65,67", "512,512", "1024,640", "2048,64", "64,2048", "2048,2048"})
    void thePictureHasExactlyTheSizeAskedFor(int width, int height) throws IOException {
        // when
        BufferedImage picture = decode(renderer.render(PROMPT, 7, width, height, 0));

        // then
        assertThat(picture.getWidth()).isEqualTo(width);
        assertThat(picture.getHeight()).isEqualTo(height);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 63, 2049, Integer.MAX_VALUE})
    void aSideOutOfRangeIsRefused(int side) {
        assertThatThrownBy(() -> renderer.render(PROMPT, 7, side, 128, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("64 to 2048");
        assertThatThrownBy(() -> renderer.render(PROMPT, 7, 128, side, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\n\t\u0000", "\uD800", "ééé\u0301\u0301", "\u200B\uFE0F", "…"})
    void oddPromptsAreRenderedToo(String prompt) throws IOException {
        assertThat(decode(renderer.render(prompt, Long.MIN_VALUE, 64, 64, 9)).getWidth())
                .isEqualTo(64);
    }

    @Test
    void aVeryLongPromptWithoutSpacesIsRenderedToo() throws IOException {
        assertThat(decode(renderer.render("東".repeat(32_000), 1, 512, 512, 0)).getWidth())
                .isEqualTo(512);
    }

    private static BufferedImage decode(byte[] file) throws IOException {
        return ImageIO.read(new ByteArrayInputStream(file));
    }
}
