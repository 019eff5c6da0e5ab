package dev.darkroom.simulator.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Renders placeholder images: a landscape derived from prompt and seed, captioned with the prompt. The same arguments produce the
 * same bytes. Does not draw text with {@code java.awt}, which needs fonts and fontconfig that containers lack.
 * Stateless and thread-safe. Takes tens of milliseconds, so it must not run on an event loop.
 */
public final class PlaceholderImageRenderer {
    /** Shortest side in pixels. */
    public static final int MIN_SIDE = 64;

    /** Longest side in pixels. */
    public static final int MAX_SIDE = 2048;

    /**
     * Renders one image.
     *
     * @param prompt not null; any length, the caption shows its beginning
     * @param seed any number
     * @param width in pixels, {@link #MIN_SIDE} to {@link #MAX_SIDE}
     * @param height in pixels, {@link #MIN_SIDE} to {@link #MAX_SIDE}
     * @param position index within the request, from 0; changes the landscape and keeps the colors
     * @return a PNG file of exactly this size
     * @throws IllegalArgumentException if a side is out of range
     */
    public byte[] render(String prompt, long seed, int width, int height, int position) {
        checkSide(width);
        checkSide(height);
        Landscape landscape = new Landscape(width, height, 31L * seed + prompt.hashCode(), position);
        Caption caption = new Caption(prompt, width, height);
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
        PixelRow row = new PixelRow(width);
        byte[] samples = new byte[width * 3];
        for (int y = 0; y < height; y++) {
            landscape.paint(row, y);
            caption.paint(row, y);
            row.quantize(y, samples);
            image.getRaster().setDataElements(0, y, width, 1, samples);
        }
        return png(image);
    }

    /** Returns base64 of a text instead of an image. */
    public static String invalidImageBase64() {
        byte[] text = "This text is not an image.".getBytes(StandardCharsets.US_ASCII);
        return Base64.getEncoder().encodeToString(text);
    }

    private static byte[] png(BufferedImage image) {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        // ImageIO.write would create a temporary file.
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(file)) {
            writer.setOutput(out);
            writer.write(image);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            writer.dispose();
        }
        return file.toByteArray();
    }

    private static void checkSide(int side) {
        if (side < MIN_SIDE || side > MAX_SIDE) {
            throw new IllegalArgumentException("side must be " + MIN_SIDE + " to " + MAX_SIDE + " pixels: " + side);
        }
    }
}
