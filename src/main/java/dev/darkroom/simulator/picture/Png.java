package dev.darkroom.simulator.picture;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/** Writes PNG files of eight bits per channel, without alpha. Source: W3C, Portable Network Graphics (Third Edition). */
final class Png {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    private static final int CHANNELS = 3;
    private static final byte FILTER_UP = 2;

    private final Frame frame;
    private final byte[] filtered;
    private final byte[] above;
    private int rows;

    Png(Frame frame) {
        this.frame = frame;
        this.filtered = new byte[(frame.width() * CHANNELS + 1) * frame.height()];
        this.above = new byte[frame.width() * CHANNELS];
    }

    /** Adds the next row, red, green and blue of each pixel from the left. */
    void row(byte[] samples) {
        int at = rows++ * (samples.length + 1);
        filtered[at++] = FILTER_UP;
        for (int i = 0; i < samples.length; i++) {
            filtered[at++] = (byte) (samples[i] - above[i]);
            above[i] = samples[i];
        }
    }

    /** The file, once every row was added. */
    byte[] file() {
        ByteArrayOutputStream file = new ByteArrayOutputStream(filtered.length / 3);
        file.writeBytes(SIGNATURE);
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        number(header, frame.width());
        number(header, frame.height());
        header.writeBytes(new byte[] {8, 2, 0, 0, 0});
        chunk(file, "IHDR", header.toByteArray());
        chunk(file, "tEXt", "Software\0Darkroom simulator".getBytes(StandardCharsets.ISO_8859_1));
        chunk(file, "IDAT", Zlib.compress(filtered));
        chunk(file, "IEND", new byte[0]);
        return file.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream file, String type, byte[] content) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(content);
        number(file, content.length);
        file.writeBytes(name);
        file.writeBytes(content);
        number(file, (int) crc.getValue());
    }

    private static void number(ByteArrayOutputStream out, int value) {
        out.write(value >>> 24);
        out.write(value >>> 16);
        out.write(value >>> 8);
        out.write(value);
    }
}
