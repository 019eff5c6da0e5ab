package dev.darkroom.image;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * Reads numbers and tags from an image file. Reading beyond the end throws {@link InvalidImageException}, since the file is truncated.
 */
record ImageByteReader(ChunkedBytes file) {
    int u8(int offset) {
        if (offset < 0 || offset >= file.length()) {
            throw new InvalidImageException("truncated after " + file.length() + " bytes");
        }
        return file.byteAt(offset) & 0xff;
    }

    int u16(int offset) {
        return u8(offset) << 8 | u8(offset + 1);
    }

    /** Reads an unsigned number, big-endian. */
    long u32(int offset) {
        return (long) u16(offset) << 16 | u16(offset + 2);
    }

    int u16Little(int offset) {
        return u8(offset) | u8(offset + 1) << 8;
    }

    int u24Little(int offset) {
        return u16Little(offset) | u8(offset + 2) << 16;
    }

    long u32Little(int offset) {
        return (u16Little(offset) | (long) u16Little(offset + 2) << 16) & 0xffff_ffffL;
    }

    /** Reads the four characters of a chunk type. */
    String tag(int offset) {
        byte[] tag = {(byte) u8(offset), (byte) u8(offset + 1), (byte) u8(offset + 2), (byte) u8(offset + 3)};
        return new String(tag, StandardCharsets.ISO_8859_1);
    }

    /** Computes the CRC-32 of a range, which must be within the file. */
    long crc32(int from, int count) {
        CRC32 crc = new CRC32();
        file.update(crc, from, count);
        return crc.getValue();
    }

    boolean startsWith(byte[] signature) {
        return Arrays.equals(file.prefix(signature.length), signature);
    }
}
