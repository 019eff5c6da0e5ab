package dev.darkroom.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Detection, sizes and metadata of AVIF files of real encoders, and hostile ones. */
class AvifParserTest {
    private static final int MAX_BYTES = 1 << 20;
    private static final String SECRET = "a secret prompt";

    @ParameterizedTest
    @CsvSource({
        "plain, 48, 32",
        "alpha, 48, 32",
        "metadata, 48, 32",
        "rotated, 32, 48",
        "mirrored, 48, 32",
        "grid, 256, 128"
    })
    void detectsFormatAndSize(String name, int width, int height) {
        // when
        Image image = inspect(TestImages.avif(name));

        // then
        assertThat(image.format()).isEqualTo(ImageFormat.AVIF);
        assertThat(image.width()).isEqualTo(width);
        assertThat(image.height()).isEqualTo(height);
    }

    static Stream<String> images() {
        return Stream.of("plain", "alpha", "metadata", "rotated", "mirrored", "grid");
    }

    @ParameterizedTest
    @MethodSource("images")
    void rejectsEveryTruncation(String name) {
        byte[] avif = TestImages.avif(name);
        for (int length = 0; length < avif.length; length++) {
            byte[] truncated = Arrays.copyOf(avif, length);
            assertThatThrownBy(() -> inspect(truncated))
                    .as("%d of %d bytes", length, avif.length)
                    .isInstanceOf(InvalidImageException.class);
        }
    }

    @ParameterizedTest
    @MethodSource("images")
    void removesEveryByteThatDecodersDoNotNeed(String name) {
        // given
        byte[] avif = TestImages.avif(name);

        // when
        byte[] filtered = filter(avif);

        // then texts are gone, no offset has moved, and the data of the images is the same
        assertThat(filtered).hasSameSizeAs(avif);
        assertThat(text(filtered)).doesNotContain(SECRET, "Exif", "mime", "xmpmeta", "rdf", "Color", "libavif");
        Image image = inspect(filtered);
        assertThat(image.width()).isEqualTo(inspect(avif).width());
        assertThat(imageData(filtered)).isEqualTo(imageData(avif)).isNotEmpty();
        ChunkedBytes twice = ChunkedBytes.of(filtered);
        assertThat(ImageMetadataFilter.removeMetadata(twice)).isSameAs(twice);
    }

    private static List<String> imageData(byte[] avif) {
        AvifLayout layout = AvifLayout.parse(new ImageByteReader(ChunkedBytes.of(avif)));
        return layout.items().stream()
                .filter(layout::isShown)
                .flatMap(item -> item.extents().stream())
                .map(extent -> text(Arrays.copyOfRange(avif, extent.from(), extent.to())))
                .toList();
    }

    @Test
    void removesBoxesThatDecodersDoNotNeed() {
        // given boxes before, between and after those of the image
        byte[] avif = TestImages.avif("plain");
        byte[] withBoxes = concat(avif, box("uuid", SECRET), box("free", SECRET), box("skip", SECRET));
        byte[] withProperty = replace(withBoxes, "pixi", "udes");

        // when
        byte[] filtered = filter(concat(withProperty, SECRET.getBytes(StandardCharsets.US_ASCII)));

        // then
        assertThat(filtered).hasSameSizeAs(withBoxes);
        assertThat(text(filtered)).doesNotContain(SECRET, "uuid", "udes");
        assertThat(inspect(filtered).height()).isEqualTo(32);
    }

    @Test
    void removesDataThatNoImageUses() {
        // given an mdat box that no item refers to
        byte[] avif = concat(TestImages.avif("plain"), box("mdat", SECRET));

        // then
        assertThat(text(filter(avif))).doesNotContain(SECRET);
    }

    @Test
    void removesThumbnails() {
        // given a file whose second image is a thumbnail of the first
        byte[] avif = replace(TestImages.avif("alpha"), "auxl", "thmb");
        int before = imageData(TestImages.avif("alpha")).size();

        // then
        assertThat(before).isEqualTo(2);
        assertThat(imageData(filter(avif))).hasSize(1);
    }

    @Test
    void acceptsBoxUpToTheEndOfTheFile() {
        byte[] avif = TestImages.avif("plain");
        ByteBuffer.wrap(avif).putInt(indexOf(avif, "mdat") - 4, 0);
        assertThat(inspect(avif).width()).isEqualTo(48);
        assertThat(inspect(filter(avif)).width()).isEqualTo(48);
    }

    @Test
    void acceptsSizesOf64Bits() {
        // given a box before the image data, so that no offset moves
        byte[] avif = TestImages.avif("plain");
        byte[] large = ByteBuffer.allocate(24)
                .putInt(1)
                .put("free".getBytes(StandardCharsets.US_ASCII))
                .putLong(24)
                .array();

        // then
        assertThat(ImageInspector.findEnd(ChunkedBytes.of(concat(avif, large)), ImageFormat.AVIF))
                .isEqualTo(avif.length + 24);
        for (long size : new long[] {15, 25, 1L << 32, -1L}) {
            ByteBuffer.wrap(large).putLong(8, size);
            assertThat(ImageInspector.findEnd(ChunkedBytes.of(concat(avif, large)), ImageFormat.AVIF))
                    .as("size %d", size)
                    .isEqualTo(avif.length);
        }
    }

    @Test
    void rejectsSequences() {
        assertThatThrownBy(() -> inspect(TestImages.avif("sequence")))
                .isInstanceOf(InvalidImageException.class)
                .hasMessage("AVIF with a sequence of images");
        assertThatThrownBy(() -> inspect(concat(TestImages.avif("plain"), box("moov", ""))))
                .hasMessage("AVIF with a sequence of images");
    }

    @ParameterizedTest
    @ValueSource(strings = {"heic", "mif1", "isom"})
    void rejectsOtherBrands(String brand) {
        byte[] avif = replace(replace(TestImages.avif("plain"), "avif", brand), "avif", brand);
        assertThatThrownBy(() -> inspect(avif)).hasMessage("neither PNG nor JPEG nor WebP nor AVIF");
    }

    static Stream<Arguments> damages() {
        return Stream.of(
                damage("meta", "skip", "AVIF without the box meta"),
                damage("pitm", "skip", "AVIF without the box pitm"),
                damage("iloc", "skip", "AVIF without the box iloc"),
                damage("ipco", "skip", "AVIF without the box ipco"),
                damage("av01Color", "Exif", "AVIF without pixels"),
                damage("mdat", "skip", "AVIF truncated"),
                damage("ispe", "pasp", "impossible size 0x0"),
                Arguments.of("unknown primary item", put("pitm", 9, 9), "AVIF without pixels"),
                Arguments.of("item of another version", put("infe", 4, 1), "AVIF with an unknown item"),
                Arguments.of("encrypted item", put("infe", 11, 1), "AVIF with encryption"),
                Arguments.of("unknown property", put("ipma", 15, 0x7f), "AVIF with an unknown property"),
                Arguments.of("width of 0", put("ispe", 11, 0), "impossible size 0x32"),
                Arguments.of("width beyond 2^31", put("ispe", 8, 0xff), "impossible size"),
                Arguments.of("extents without a length", put("iloc", 8, 0x40), "AVIF with an unknown item length"),
                Arguments.of("number of five bytes", put("iloc", 8, 0x54), "AVIF with an unknown item location"),
                Arguments.of("extent beyond the file", put("iloc", 21, 0xff), "AVIF truncated"),
                Arguments.of("extent before its box", put("iloc", 21, 0), "AVIF truncated"),
                Arguments.of("empty extent", put("iloc", 25, 0), "AVIF truncated"),
                Arguments.of("data of another file", put("iloc", 15, 1), "AVIF truncated"),
                Arguments.of("number of items", put("iinf", 9, 7), "AVIF with an impossible number of items"),
                Arguments.of("box shorter than its header", put("pixi", -1, 7), "AVIF with an impossible box"),
                Arguments.of("box longer than its parent", put("pixi", -1, 0xff), "AVIF with an impossible box"));
    }

    private static Arguments damage(String from, String to, String message) {
        return Arguments.of(from, (UnaryOperator<byte[]>) avif -> replace(avif, from.substring(0, 4), to), message);
    }

    /** Overwrites one byte. {@code offset} counts from the type of a box. */
    private static UnaryOperator<byte[]> put(String box, int offset, int value) {
        return avif -> {
            avif[indexOf(avif, box) + offset] = (byte) value;
            return avif;
        };
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damages")
    void rejectsDamagedBoxes(String name, UnaryOperator<byte[]> damage, String message) {
        byte[] avif = damage.apply(TestImages.avif("plain"));
        assertThatThrownBy(() -> inspect(avif))
                .isInstanceOf(InvalidImageException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void rejectsManyBoxes() {
        byte[] boxes = new byte[8 * 10_001];
        for (int offset = 0; offset < boxes.length; offset += 8) {
            ByteBuffer.wrap(boxes).putInt(offset, 8).putInt(offset + 4, 0x66726565);
        }
        assertThatThrownBy(() -> inspect(concat(TestImages.avif("plain"), boxes)))
                .hasMessage("AVIF with too many boxes");
    }

    @ParameterizedTest
    @MethodSource("images")
    void throwsNothingElseForMutatedFiles(String name) {
        byte[] avif = TestImages.avif(name);
        Random random = new Random(24);
        for (int round = 0; round < 2000; round++) {
            byte[] mutated = mutate(avif, random);
            try {
                inspect(mutated);
                inspect(filter(mutated));
            } catch (InvalidImageException e) {
                assertThat(e).hasMessageNotContaining(SECRET);
            } catch (RuntimeException e) {
                throw new AssertionError("round " + round, e);
            }
        }
    }

    /** Overwrites bytes, mostly with values at the ends of their range, and moves, repeats or removes a part. */
    private static byte[] mutate(byte[] file, Random random) {
        byte[] mutated = file.clone();
        for (int i = random.nextInt(4); i >= 0; i--) {
            byte[] values = {0, 1, 8, 0x40, 0x7f, (byte) 0x80, (byte) 0xff, (byte) random.nextInt()};
            mutated[random.nextInt(mutated.length)] = values[random.nextInt(values.length)];
        }
        if (random.nextInt(4) > 0) {
            return mutated;
        }
        int from = random.nextInt(mutated.length);
        int to = from + random.nextInt(mutated.length - from);
        byte[] part = Arrays.copyOfRange(mutated, from, to);
        byte[] head = Arrays.copyOf(mutated, from);
        byte[] tail = Arrays.copyOfRange(mutated, to, mutated.length);
        return random.nextBoolean() ? concat(head, part, part, tail) : concat(head, tail);
    }

    private static Image inspect(byte[] file) {
        return ImageInspector.inspect(ChunkedBytes.of(file), MAX_BYTES);
    }

    private static byte[] filter(byte[] file) {
        return ImageMetadataFilter.removeMetadata(ChunkedBytes.of(file)).toBytes();
    }

    private static byte[] box(String type, String content) {
        return ByteBuffer.allocate(8 + content.length())
                .putInt(8 + content.length())
                .put(type.getBytes(StandardCharsets.US_ASCII))
                .put(content.getBytes(StandardCharsets.US_ASCII))
                .array();
    }

    private static byte[] replace(byte[] file, String from, String to) {
        System.arraycopy(to.getBytes(StandardCharsets.US_ASCII), 0, file, indexOf(file, from), to.length());
        return file;
    }

    private static int indexOf(byte[] file, String text) {
        return text(file).indexOf(text);
    }

    private static String text(byte[] file) {
        return new String(file, StandardCharsets.ISO_8859_1);
    }

    private static byte[] concat(byte[]... parts) {
        ByteBuffer all = ByteBuffer.allocate(
                Arrays.stream(parts).mapToInt(part -> part.length).sum());
        Arrays.stream(parts).forEach(all::put);
        return all.array();
    }
}
