package dev.darkroom.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Removal of metadata: nothing of a text remains, and every pixel does. */
class ImageMetadataFilterTest {
    private static final String SECRET = "a secret prompt";

    @ParameterizedTest
    @ValueSource(strings = {"tEXt", "zTXt", "iTXt", "eXIf", "tIME", "comf", "prVt"})
    void removesAncillaryChunksOfPng(String type) throws IOException {
        // given
        byte[] png = TestImages.png(64, 48);
        byte[] before = insert(png, 33, TestImages.chunk(type, "prompt\0" + SECRET));
        byte[] both = insert(before, before.length - 12, TestImages.chunk(type, "workflow\0" + SECRET));

        // when
        byte[] filtered = filter(both);

        // then
        assertThat(filtered).isEqualTo(png);
        assertThat(pixels(filtered)).isEqualTo(pixels(png));
    }

    @ParameterizedTest
    @ValueSource(strings = {"tRNS", "gAMA", "iCCP", "sRGB", "pHYs", "cICP", "acTL", "PLTE"})
    void keepsChunksThatDecodersUse(String type) {
        byte[] png = insert(TestImages.png(8, 8), 33, TestImages.chunk(type, "12345"));
        assertThat(filter(png)).isEqualTo(png);
    }

    @Test
    void removesTextsThatAnEncoderWrote() throws IOException {
        // given
        byte[] png = encodeWithTexts();
        assertThat(text(png)).contains("tEXt", "zTXt", "iTXt", SECRET);

        // when
        byte[] filtered = filter(png.clone());

        // then
        assertThat(text(filtered)).doesNotContain("tEXt", "zTXt", "iTXt", SECRET);
        assertThat(pixels(filtered)).isEqualTo(pixels(png));
    }

    private static byte[] encodeWithTexts() throws IOException {
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(TestImages.png(64, 48)));
        ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
        IIOMetadata metadata = writer.getDefaultImageMetadata(ImageTypeSpecifier.createFromRenderedImage(image), null);
        IIOMetadataNode root = new IIOMetadataNode("javax_imageio_png_1.0");
        addText(root, "tEXt", "value", "");
        addText(root, "zTXt", "text", "deflate");
        addText(root, "iTXt", "text", "0");
        metadata.mergeTree("javax_imageio_png_1.0", root);
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(file)) {
            writer.setOutput(out);
            writer.write(new IIOImage(image, null, metadata));
        } finally {
            writer.dispose();
        }
        return file.toByteArray();
    }

    private static void addText(IIOMetadataNode root, String chunk, String valueAttribute, String compressionMethod) {
        IIOMetadataNode entry = new IIOMetadataNode(chunk + "Entry");
        entry.setAttribute("keyword", "prompt");
        entry.setAttribute("compressionMethod", compressionMethod);
        entry.setAttribute("compressionFlag", "FALSE");
        entry.setAttribute("languageTag", "");
        entry.setAttribute("translatedKeyword", "");
        entry.setAttribute(valueAttribute, SECRET);
        IIOMetadataNode texts = new IIOMetadataNode(chunk);
        texts.appendChild(entry);
        root.appendChild(texts);
    }

    @ParameterizedTest
    @ValueSource(strings = {"docs/mountains.png"})
    void keepsEveryPixelOfPicturesOfOtherPrograms(Path file) throws IOException {
        byte[] png = Files.readAllBytes(file);
        byte[] filtered = filter(png.clone());
        assertThat(filtered).hasSizeLessThanOrEqualTo(png.length);
        assertThat(pixels(filtered)).isEqualTo(pixels(png));
        assertThat(ImageInspector.inspect(ChunkedBytes.of(filtered), 1 << 24).format())
                .isEqualTo(ImageFormat.PNG);
    }

    @Test
    void removesBytesAfterTheEndOfPng() {
        byte[] png = TestImages.png(8, 8);
        assertThat(filter(concat(png, SECRET.getBytes(StandardCharsets.US_ASCII))))
                .isEqualTo(png);
    }

    @Test
    void removesMetadataOfALargeFile() throws IOException {
        // given
        byte[] png = TestImages.noisePng(300, 300);
        byte[] large = insert(
                insert(png, 33, TestImages.chunk("tEXt", "x".repeat(200_000))), 33, TestImages.chunk("iTXt", SECRET));

        // then
        assertThat(filter(large)).isEqualTo(png);
    }

    @Test
    void returnsTheSameObjectWithoutMetadata() {
        Stream.of(
                        TestImages.png(8, 8),
                        TestImages.jpeg(8, 8),
                        TestImages.webpLossy(),
                        new byte[] {'G', 'I', 'F'},
                        new byte[0])
                .map(ChunkedBytes::of)
                .forEach(file ->
                        assertThat(ImageMetadataFilter.removeMetadata(file)).isSameAs(file));
    }

    @Test
    void removesSegmentsOfJpeg() throws IOException {
        // given
        byte[] jpeg = TestImages.jpeg(33, 77);
        byte[] withMetadata = insert(
                jpeg,
                2,
                concat(
                        segment(0xe1, "Exif\0\0" + SECRET),
                        segment(0xe2, "MPF\0" + SECRET),
                        segment(0xed, "Photoshop 3.0\0" + SECRET),
                        segment(0xfe, SECRET)));

        // when
        byte[] filtered = filter(concat(withMetadata, SECRET.getBytes(StandardCharsets.US_ASCII)));

        // then
        assertThat(filtered).isEqualTo(jpeg);
        assertThat(pixels(filtered)).isEqualTo(pixels(jpeg));
    }

    @Test
    void keepsColorProfileOfJpeg() {
        byte[] jpeg =
                insert(TestImages.jpeg(8, 8), 2, concat(segment(0xe2, "ICC_PROFILE\0..."), segment(0xee, "Adobe")));
        assertThat(filter(jpeg)).isEqualTo(jpeg);
    }

    @Test
    void removesChunksOfWebp() {
        // given
        byte[] webp = TestImages.webpExtended(3, 2);
        byte[] body =
                concat(webp, webpChunk("EXIF", SECRET), webpChunk("XMP ", SECRET + "!"), webpChunk("abcd", SECRET));
        ByteBuffer.wrap(body)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(4, body.length - 8)
                .put(20, (byte) 0x0c);

        // when
        byte[] filtered = filter(body);

        // then
        assertThat(filtered).isEqualTo(webp);
        assertThat(ImageInspector.inspect(ChunkedBytes.of(filtered), 1 << 20).width())
                .isEqualTo(3);
    }

    @ParameterizedTest
    @MethodSource("images")
    void rejectsTruncatedFilesWithoutOtherErrors(byte[] image) {
        for (int length = 12; length < image.length; length++) {
            ChunkedBytes truncated = ChunkedBytes.of(Arrays.copyOf(image, length));
            assertThatThrownBy(() -> ImageMetadataFilter.removeMetadata(truncated))
                    .as("%d of %d bytes", length, image.length)
                    .isInstanceOf(InvalidImageException.class);
        }
    }

    static Stream<byte[]> images() {
        return Stream.of(
                insert(TestImages.png(16, 16), 33, TestImages.chunk("tEXt", SECRET)),
                insert(TestImages.jpeg(16, 16), 2, segment(0xe1, SECRET)),
                TestImages.webpLossless(),
                TestImages.webpExtended(3, 2));
    }

    private static byte[] filter(byte[] file) {
        return ImageMetadataFilter.removeMetadata(ChunkedBytes.of(file)).toBytes();
    }

    private static byte[] segment(int marker, String data) {
        return ByteBuffer.allocate(data.length() + 4)
                .put((byte) 0xff)
                .put((byte) marker)
                .putShort((short) (data.length() + 2))
                .put(data.getBytes(StandardCharsets.ISO_8859_1))
                .array();
    }

    private static byte[] webpChunk(String type, String data) {
        return ByteBuffer.allocate(8 + data.length() + data.length() % 2)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(type.getBytes(StandardCharsets.US_ASCII))
                .putInt(data.length())
                .put(data.getBytes(StandardCharsets.US_ASCII))
                .array();
    }

    private static byte[] insert(byte[] file, int offset, byte[] addition) {
        return concat(Arrays.copyOf(file, offset), addition, Arrays.copyOfRange(file, offset, file.length));
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static String text(byte[] file) {
        return new String(file, StandardCharsets.ISO_8859_1);
    }

    private static int[] pixels(byte[] file) throws IOException {
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(file));
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }
}
