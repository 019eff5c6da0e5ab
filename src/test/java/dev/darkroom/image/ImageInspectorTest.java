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

class ImageInspectorTest {
    private static final int MANY = 1 << 20;

    @ParameterizedTest
    @MethodSource("pictures")
    void findsOutFormatAndSizeFromTheBytes(byte[] bytes, ImageFormat format, int width, int height) throws Exception {
        // when
        Image picture = ImageInspector.inspect(ChunkedBytes.of(bytes), MANY);

        // then
        assertThat(picture.format()).isEqualTo(format);
        assertThat(picture.width()).isEqualTo(width);
        assertThat(picture.height()).isEqualTo(height);
        assertThat(picture.size()).isEqualTo(bytes.length);
        assertThat(picture.bytes().toBytes()).isEqualTo(bytes);
        assertThat(picture.sha256())
                .isEqualTo(HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)));
    }

    static Stream<Arguments> pictures() {
        return Stream.of(
                Arguments.of(TestImages.png(64, 48), ImageFormat.PNG, 64, 48),
                Arguments.of(TestImages.png(1, 1), ImageFormat.PNG, 1, 1),
                Arguments.of(TestImages.jpeg(33, 77), ImageFormat.JPEG, 33, 77),
                Arguments.of(TestImages.webpLossless(), ImageFormat.WEBP, 1, 1),
                Arguments.of(TestImages.webpLossy(), ImageFormat.WEBP, 1, 1),
                Arguments.of(TestImages.webpExtended(300, 200), ImageFormat.WEBP, 300, 200));
    }

    @ParameterizedTest
    @MethodSource("wholePictures")
    void noPictureIsTakenForWholeWhenItWasCutOff(byte[] bytes) {
        for (int length : cuts(bytes.length)) {
            // given
            ChunkedBytes cut = ChunkedBytes.of(Arrays.copyOf(bytes, length));

            // then
            assertThatThrownBy(() -> ImageInspector.inspect(cut, MANY))
                    .as("first %d of %d bytes", length, bytes.length)
                    .isInstanceOf(InvalidImageException.class);
        }
    }

    static Stream<byte[]> wholePictures() {
        return Stream.of(
                TestImages.png(64, 48),
                TestImages.jpeg(33, 77),
                TestImages.webpLossless(),
                TestImages.webpLossy(),
                TestImages.webpExtended(3, 2));
    }

    private static int[] cuts(int length) {
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
    void bytesBehindTheEndAreLeftAlone(byte[] trailer) {
        for (byte[] whole : List.of(TestImages.jpeg(33, 77), TestImages.png(33, 77))) {
            // given
            byte[] bytes = Arrays.copyOf(whole, whole.length + trailer.length);
            System.arraycopy(trailer, 0, bytes, whole.length, trailer.length);

            // when
            Image picture = ImageInspector.inspect(ChunkedBytes.of(bytes), MANY);

            // then
            assertThat(picture.width()).isEqualTo(33);
            assertThat(picture.bytes().toBytes()).isEqualTo(bytes);
        }
    }

    @Test
    void damagedPngIsNoticedByItsChecksum() {
        // given
        byte[] png = TestImages.png(64, 48);
        png[png.length / 2] ^= 1;

        // then
        assertThatThrownBy(() -> ImageInspector.inspect(ChunkedBytes.of(png), MANY))
                .isInstanceOf(InvalidImageException.class)
                .hasMessageContaining("damaged");
    }

    @Test
    void pngChunkThatClaimsFourGigabytesIsRefused() {
        // given
        byte[] png = TestImages.png(8, 8);
        Arrays.fill(png, 33, 37, (byte) 0xff);

        // then
        assertThatThrownBy(() -> ImageInspector.inspect(ChunkedBytes.of(png), MANY))
                .isInstanceOf(InvalidImageException.class);
    }

    @ParameterizedTest
    @MethodSource("impossibleSides")
    void impossibleSizeIsRefused(int width, int height) {
        // given
        byte[] png = TestImages.pngWithHeader(width, height);

        // then
        assertThatThrownBy(() -> ImageInspector.inspect(ChunkedBytes.of(png), MANY))
                .isInstanceOf(InvalidImageException.class)
                .hasMessageContaining("impossible size");
    }

    static Stream<Arguments> impossibleSides() {
        return Stream.of(
                Arguments.of(0, 8), Arguments.of(8, 0), Arguments.of(16_385, 8), Arguments.of(8, Integer.MIN_VALUE));
    }

    @Test
    void largestSideIsAccepted() {
        assertThat(ImageInspector.inspect(ChunkedBytes.of(TestImages.pngWithHeader(16_384, 1)), MANY)
                        .width())
                .isEqualTo(16_384);
    }

    @Test
    void fileLargerThanTheLimitIsRefused() {
        byte[] png = TestImages.png(64, 48);
        assertThatThrownBy(() -> ImageInspector.inspect(ChunkedBytes.of(png), png.length - 1))
                .isInstanceOf(InvalidImageException.class)
                .hasMessageContaining("larger than");
    }

    @ParameterizedTest
    @MethodSource("otherThings")
    void otherThingsAreNoPictures(String bytes) {
        assertThatThrownBy(() -> ImageInspector.inspect(ChunkedBytes.of(bytes.getBytes(StandardCharsets.UTF_8)), MANY))
                .isInstanceOf(InvalidImageException.class);
    }

    static Stream<String> otherThings() {
        return Stream.of("", "GIF89a", "<html>not a picture</html>", "RIFF\0\0\0\0WAVEfmt ", "<svg/>", "\u0000");
    }
}
