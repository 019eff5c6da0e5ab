package dev.darkroom.image;

import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;

/** Creates valid images for tests. */
public final class TestImages {
    private TestImages() {}

    public static byte[] png(int width, int height) {
        return encodeTestImage("png", width, height);
    }

    public static byte[] jpeg(int width, int height) {
        return encodeTestImage("jpg", width, height);
    }

    /** Returns a PNG of random pixels, which cannot be compressed: three bytes per pixel. */
    public static byte[] noisePng(int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Random random = new Random(1);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, random.nextInt());
            }
        }
        return encode(image, "png");
    }

    /** Returns a PNG with a chunk after its header. */
    public static byte[] pngWithChunk(int width, int height, String type, String data) {
        byte[] png = png(width, height);
        byte[] chunk = chunk(type, data);
        int headerEnd = 33;
        return ByteBuffer.allocate(png.length + chunk.length)
                .put(png, 0, headerEnd)
                .put(chunk)
                .put(png, headerEnd, png.length - headerEnd)
                .array();
    }

    /** Returns a chunk of a PNG. */
    static byte[] chunk(String type, String data) {
        byte[] bytes = (type + data).getBytes(StandardCharsets.ISO_8859_1);
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return ByteBuffer.allocate(bytes.length + 8)
                .putInt(bytes.length - 4)
                .put(bytes)
                .putInt((int) crc.getValue())
                .array();
    }

    /** Returns a VP8L image of one pixel. */
    public static byte[] webpLossless() {
        return Base64.getDecoder().decode("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==");
    }

    /** Returns a VP8 image of one pixel. */
    public static byte[] webpLossy() {
        return Base64.getDecoder().decode("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA");
    }

    /** Returns a VP8X image with the given canvas size and one lossy pixel. */
    public static byte[] webpExtended(int width, int height) {
        byte[] simple = webpLossy();
        int chunk = simple.length - 12;
        ByteBuffer file = ByteBuffer.allocate(12 + 18 + chunk).order(ByteOrder.LITTLE_ENDIAN);
        file.put(ascii("RIFF")).putInt(4 + 18 + chunk).put(ascii("WEBP"));
        file.put(ascii("VP8X")).putInt(10).putInt(0);
        putU24(file, width - 1);
        putU24(file, height - 1);
        file.put(simple, 12, chunk);
        return file.array();
    }

    /** Returns an image of {@code src/test/resources/avif}, without the extension. */
    public static byte[] avif(String name) {
        try (InputStream file = TestImages.class.getResourceAsStream("/avif/" + name + ".avif")) {
            return file.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns a PNG with the given size in its header, a correct header checksum, and the pixels of an 8x8 image. */
    public static byte[] pngWithHeader(int width, int height) {
        byte[] png = png(8, 8);
        ByteBuffer file = ByteBuffer.wrap(png);
        file.putInt(16, width).putInt(20, height);
        CRC32 crc = new CRC32();
        crc.update(png, 12, 17);
        file.putInt(29, (int) crc.getValue());
        return png;
    }

    private static byte[] encodeTestImage(String format, int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D canvas = image.createGraphics();
        canvas.setPaint(new GradientPaint(0, 0, Color.ORANGE, width, height, Color.BLUE));
        canvas.fillRect(0, 0, width, height);
        canvas.dispose();
        return encode(image, format);
    }

    private static byte[] encode(BufferedImage image, String format) {
        try (ByteArrayOutputStream out = new ByteArrayOutputStream()) {
            ImageIO.setUseCache(false);
            ImageIO.write(image, format, out);
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void putU24(ByteBuffer file, int number) {
        file.put((byte) number).put((byte) (number >> 8)).put((byte) (number >> 16));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
