package dev.darkroom.simulator.picture;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Writes PNG files of eight bits per channel, without alpha, row by row. */
final class Png {
    private final BufferedImage image;
    private int rows;

    Png(Frame frame) {
        image = new BufferedImage(frame.width(), frame.height(), BufferedImage.TYPE_3BYTE_BGR);
    }

    /** Adds the next row, red, green and blue of each pixel from the left. */
    void row(byte[] samples) {
        image.getRaster().setDataElements(0, rows++, image.getWidth(), 1, samples);
    }

    /** The file, once every row was added. */
    byte[] file() {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        // In memory: ImageIO.write(..) would go through a temporary file.
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
}
