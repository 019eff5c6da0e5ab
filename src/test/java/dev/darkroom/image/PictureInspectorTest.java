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

class PictureInspectorTest {
    private static final int MANY = 1 << 20;

    @ParameterizedTest
    @MethodSource("pictures")
    void findsOutFormatAndSizeFromTheBytes(byte[] bytes, PictureFormat format, int width, int height) throws Exception {
        // when
        Picture picture = PictureInspector.inspect(Blocks.of(bytes), MANY);

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
                Arguments.of(Pictures.png(64, 48), PictureFormat.PNG, 64, 48),
                Arguments.of(Pictures.png(1, 1), PictureFormat.PNG, 1, 1),
                Arguments.of(Pictures.jpeg(33, 77), PictureFormat.JPEG, 33, 77),
                Arguments.of(Pictures.webpLossless(), PictureFormat.WEBP, 1, 1),
                Arguments.of(Pictures.webpLossy(), PictureFormat.WEBP, 1, 1),
                Arguments.of(Pictures.webpExtended(300, 200), PictureFormat.WEBP, 300, 200));
    }

    @ParameterizedTest
    @MethodSource("wholePictures")
    void noPictureIsTakenForWholeWhenItWasCutOff(byte[] bytes) {
        for (int length : cuts(bytes.length)) {
            // given
            Blocks cut = Blocks.of(Arrays.copyOf(bytes, length));

            // then
            assertThatThrownBy(() -> PictureInspector.inspect(cut, MANY))
                    .as("first %d of %d bytes", length, bytes.length)
                    .isInstanceOf(NotAPictureException.class);
        }
    }

    static Stream<byte[]> wholePictures() {
        return Stream.of(
                Pictures.png(64, 48),
                Pictures.jpeg(33, 77),
                Pictures.webpLossless(),
                Pictures.webpLossy(),
                Pictures.webpExtended(3, 2));
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
                Pictures.jpeg(3, 3));
    }

    @ParameterizedTest
    @MethodSource("trailers")
    void bytesBehindTheEndAreLeftAlone(byte[] trailer) {
        for (byte[] whole : List.of(Pictures.jpeg(33, 77), Pictures.png(33, 77))) {
            // given
            byte[] bytes = Arrays.copyOf(whole, whole.length + trailer.length);
            System.arraycopy(trailer, 0, bytes, whole.length, trailer.length);

            // when
            Picture picture = PictureInspector.inspect(Blocks.of(bytes), MANY);

            // then
            assertThat(picture.width()).isEqualTo(33);
            assertThat(picture.bytes().toBytes()).isEqualTo(bytes);
        }
    }

    @Test
    void damagedPngIsNoticedByItsChecksum() {
        // given
        byte[] png = Pictures.png(64, 48);
        png[png.length / 2] ^= 1;

        // then
        assertThatThrownBy(() -> PictureInspector.inspect(Blocks.of(png), MANY))
                .isInstanceOf(NotAPictureException.class)
                .hasMessageContaining("damaged");
    }

    @Test
    void pngChunkThatClaimsFourGigabytesIsRefused() {
        // given
        byte[] png = Pictures.png(8, 8);
        Arrays.fill(png, 33, 37, (byte) 0xff);

        // then
        assertThatThrownBy(() -> PictureInspector.inspect(Blocks.of(png), MANY))
                .isInstanceOf(NotAPictureException.class);
    }

    @ParameterizedTest
    @MethodSource("impossibleSides")
    void impossibleSizeIsRefused(int width, int height) {
        // given
        byte[] png = Pictures.pngWithHeader(width, height);

        // then
        assertThatThrownBy(() -> PictureInspector.inspect(Blocks.of(png), MANY))
                .isInstanceOf(NotAPictureException.class)
                .hasMessageContaining("impossible size");
    }

    static Stream<Arguments> impossibleSides() {
        return Stream.of(
                Arguments.of(0, 8), Arguments.of(8, 0), Arguments.of(16_385, 8), Arguments.of(8, Integer.MIN_VALUE));
    }

    @Test
    void largestSideIsAccepted() {
        assertThat(PictureInspector.inspect(Blocks.of(Pictures.pngWithHeader(16_384, 1)), MANY)
                        .width())
                .isEqualTo(16_384);
    }

    @Test
    void fileLargerThanTheLimitIsRefused() {
        byte[] png = Pictures.png(64, 48);
        assertThatThrownBy(() -> PictureInspector.inspect(Blocks.of(png), png.length - 1))
                .isInstanceOf(NotAPictureException.class)
                .hasMessageContaining("larger than");
    }

    @ParameterizedTest
    @MethodSource("otherThings")
    void otherThingsAreNoPictures(String bytes) {
        assertThatThrownBy(() -> PictureInspector.inspect(Blocks.of(bytes.getBytes(StandardCharsets.UTF_8)), MANY))
                .isInstanceOf(NotAPictureException.class);
    }

    static Stream<String> otherThings() {
        return Stream.of("", "GIF89a", "<html>not a picture</html>", "RIFF\0\0\0\0WAVEfmt ", "<svg/>", "\u0000");
    }
}
