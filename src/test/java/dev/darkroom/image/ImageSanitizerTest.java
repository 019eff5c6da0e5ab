package dev.darkroom.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ImageSanitizerTest {
    private static final int MAX_BYTES = 1 << 20;
    private static final int MAX_PIXELS = 10_000;

    private static Image sanitize(byte[] file) {
        return ImageSanitizer.sanitize(ChunkedBytes.of(file), MAX_BYTES, MAX_PIXELS);
    }

    static Stream<byte[]> images() {
        return Stream.of(
                TestImages.png(100, 100),
                TestImages.jpeg(100, 100),
                TestImages.webpLossless(),
                TestImages.webpLossy(),
                TestImages.webpExtended(100, 100));
    }

    @ParameterizedTest
    @MethodSource("images")
    void keepsImagesWithoutMetadata(byte[] file) {
        assertThat(sanitize(file).bytes().toBytes()).isEqualTo(file);
    }

    @ParameterizedTest
    @MethodSource("images")
    void rejectsDataAfterTheEnd(byte[] file) {
        byte[] longer = Arrays.copyOf(file, file.length + 1);
        assertThatThrownBy(() -> sanitize(longer))
                .isInstanceOf(InvalidImageException.class)
                .hasMessage("has data after the end of the image");
    }

    @ParameterizedTest
    @MethodSource("images")
    void rejectsTruncatedFiles(byte[] file) {
        byte[] shorter = Arrays.copyOf(file, file.length - 1);
        assertThatThrownBy(() -> sanitize(shorter))
                .isInstanceOf(InvalidImageException.class)
                .hasMessageStartingWith("is not a complete PNG, JPEG or WebP image: ");
    }

    @Test
    void rejectsAvif() {
        assertThatThrownBy(() -> sanitize(TestImages.avif("plain")))
                .isInstanceOf(InvalidImageException.class)
                .hasMessage("is not a complete PNG, JPEG or WebP image: AVIF is not accepted by AI servers");
    }

    @Test
    void removesMetadata() {
        // when
        Image image = sanitize(TestImages.pngWithChunk(64, 64, "tEXt", "Comment\0secret"));

        // then
        assertThat(image.bytes().toBytes()).isEqualTo(TestImages.png(64, 64));
        assertThat(image.size()).isEqualTo(TestImages.png(64, 64).length);
    }

    @Test
    void limitsPixels() {
        assertThatThrownBy(() -> sanitize(TestImages.pngWithHeader(101, 100)))
                .hasMessage("has 101x100 pixels, more than 10000 in total");
        assertThatThrownBy(() -> sanitize(TestImages.pngWithHeader(16_384, 16_384)))
                .hasMessageStartingWith("has 16384x16384 pixels");
    }
}
