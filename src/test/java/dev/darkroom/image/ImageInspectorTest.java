package dev.darkroom.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Detection of formats, sizes, truncation and damage. */
class ImageInspectorTest {
    private static final int MAX_BYTES = 1 << 20;

    @ParameterizedTest
    @MethodSource("images")
    void detectsFormatAndSizeFromBytes(byte[] bytes, ImageFormat format, int width, int height) throws Exception {
        // when
        Image image = ImageInspector.inspect(ChunkedBytes.of(bytes), MAX_BYTES);

        // then
        assertThat(image.format()).isEqualTo(format);
        assertThat(image.width()).isEqualTo(width);
        assertThat(image.height()).isEqualTo(height);
        assertThat(image.size()).isEqualTo(bytes.length);
        assertThat(image.bytes().toBytes()).isEqualTo(bytes);
        assertThat(image.sha256())
                .isEqualTo(HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)));
    }

    static Stream<Arguments> images() {
        return Stream.of(
                Arguments.of(TestImages.png(64, 48), ImageFormat.PNG, 64, 48),
                Arguments.of(TestImages.png(1, 1), ImageFormat.PNG, 1, 1),
                Arguments.of(TestImages.jpeg(33, 77), ImageFormat.JPEG, 33, 77),
                Arguments.of(TestImages.webpLossless(), ImageFormat.WEBP, 1, 1),
                Arguments.of(TestImages.webpLossy(), ImageFormat.WEBP, 1, 1),
                Arguments.of(TestImages.webpExtended(300, 200), ImageFormat.WEBP, 300, 200));
    }

    @ParameterizedTest
    @MethodSource("completeImages")
    void rejectsTruncatedImage(byte[] bytes) {
        for (int length : truncatedLengths(bytes.length)) {
            // given
            ChunkedBytes truncated = ChunkedBytes.of(Arrays.copyOf(bytes, length));

            // then
            assertThatThrownBy(() -> ImageInspector.inspect(truncated, MAX_BYTES))
                    .as("first %d of %d bytes", length, bytes.length)
                    .isInstanceOf(InvalidImageException.class);
        }
    }

    static Stream<byte[]> completeImages() {
        return Stream.of(
                TestImages.png(64, 48),
                TestImages.jpeg(33, 77),
                TestImages.webpLossless(),
                TestImages.webpLossy(),
                TestImages.webpExtended(3, 2));
    }

    private static int[] truncatedLengths(int length) {
        return IntStream.concat(
                        IntStream.range(0, 64), IntStream.rangeClosed(1, 16).map(n -> length - n))
                .filter(n -> n >= 0 && n < length)
                .toArray();
    }

    static Stream<byte[]> trailers() {
        return Stream.of(
                new byte[3],
                new byte[] {'\n'},
                new byte[] {(byte) 0xff, (byte) 0xff},
                new byte[2048],
                TestImages.jpeg(3, 3));
    }

    @ParameterizedTest
    @MethodSource("trailers")
    void acceptsBytesAfterEndOfImage(byte[] trailer) {
        for (byte[] complete : List.of(TestImages.jpeg(33, 77), TestImages.png(33, 77))) {
            // given
            byte[] bytes = Arrays.copyOf(complete, complete.length + trailer.length);
            System.arraycopy(trailer, 0, bytes, complete.length, trailer.length);

            // when
            Image image = ImageInspector.inspect(ChunkedBytes.of(bytes), MAX_BYTES);

            // then
            assertThat(image.width()).isEqualTo(33);
            assertThat(image.bytes().toBytes()).isEqualTo(bytes);
        }
    }

    @Test
    void rejectsPngWithWrongChecksum() {
        // given
        byte[] png = TestImages.png(64, 48);
        png[png.length / 2] ^= 1;

        // then
        assertThatThrownBy(() -> ImageInspector.inspect(ChunkedBytes.of(png), MAX_BYTES))
                .isInstanceOf(InvalidImageException.class)
                .hasMessageContaining("damaged");
    }

    @Test
    void rejectsPngChunkWithHugeLength() {
        // given
        byte[] png = TestImages.png(8, 8);
        Arrays.fill(png, 33, 37, (byte) 0xff);

        // then
        assertThatThrownBy(() -> ImageInspector.inspect(ChunkedBytes.of(png), MAX_BYTES))
                .isInstanceOf(InvalidImageException.class);
    }

    @ParameterizedTest
    @MethodSource("impossibleSides")
    void rejectsImpossibleSize(int width, int height) {
        // given
        byte[] png = TestImages.pngWithHeader(width, height);

        // then
        assertThatThrownBy(() -> ImageInspector.inspect(ChunkedBytes.of(png), MAX_BYTES))
                .isInstanceOf(InvalidImageException.class)
                .hasMessageContaining("impossible size");
    }

    static Stream<Arguments> impossibleSides() {
        return Stream.of(
                Arguments.of(0, 8), Arguments.of(8, 0), Arguments.of(16_385, 8), Arguments.of(8, Integer.MIN_VALUE));
    }

    @Test
    void acceptsMaximumSide() {
        assertThat(ImageInspector.inspect(ChunkedBytes.of(TestImages.pngWithHeader(16_384, 1)), MAX_BYTES)
                        .width())
                .isEqualTo(16_384);
    }

    @Test
    void rejectsFileAboveLimit() {
        byte[] png = TestImages.png(64, 48);
        assertThatThrownBy(() -> ImageInspector.inspect(ChunkedBytes.of(png), png.length - 1))
                .isInstanceOf(InvalidImageException.class)
                .hasMessageContaining("larger than");
    }

    @ParameterizedTest
    @MethodSource("otherContent")
    void rejectsOtherContent(String bytes) {
        assertThatThrownBy(() ->
                        ImageInspector.inspect(ChunkedBytes.of(bytes.getBytes(StandardCharsets.UTF_8)), MAX_BYTES))
                .isInstanceOf(InvalidImageException.class);
    }

    static Stream<String> otherContent() {
        return Stream.of("", "GIF89a", "<html>not an image</html>", "RIFF\0\0\0\0WAVEfmt ", "<svg/>", "\u0000");
    }
}
