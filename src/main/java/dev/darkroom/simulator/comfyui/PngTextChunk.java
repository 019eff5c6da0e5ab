package dev.darkroom.simulator.comfyui;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/** Adds a {@code tEXt} chunk to a PNG file. Source: W3C PNG, third edition, section 11.3.3.2. */
final class PngTextChunk {
    /** Signature and IHDR. */
    private static final int HEADER_BYTES = 8 + 25;

    private static final int CHUNK_OVERHEAD = 12;

    private PngTextChunk() {}

    /** Returns a copy of {@code png} with the chunk after its header. */
    static byte[] insert(byte[] png, String keyword, String text) {
        byte[] data = (keyword + '\0' + text).getBytes(StandardCharsets.ISO_8859_1);
        ByteBuffer file = ByteBuffer.allocate(png.length + data.length + CHUNK_OVERHEAD);
        file.put(png, 0, HEADER_BYTES).putInt(data.length);
        int start = file.position();
        file.put("tEXt".getBytes(StandardCharsets.US_ASCII)).put(data);
        CRC32 crc = new CRC32();
        crc.update(file.array(), start, file.position() - start);
        file.putInt((int) crc.getValue());
        return file.put(png, HEADER_BYTES, png.length - HEADER_BYTES).array();
    }
}
