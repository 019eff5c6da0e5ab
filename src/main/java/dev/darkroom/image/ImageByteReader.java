package dev.darkroom.image;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;

/** Reading numbers out of a file, where reading past its end means that the file was cut off. */
final class ImageByteReader {
    private final ChunkedBytes file;

    ImageByteReader(ChunkedBytes file) {
        this.file = file;
    }

    int u8(int at) {
        if (at < 0 || at >= file.length()) {
            throw new InvalidImageException("cut off after " + file.length() + " bytes");
        }
        return file.byteAt(at) & 0xff;
    }

    int u16(int at) {
        return u8(at) << 8 | u8(at + 1);
    }

    /** Big-endian, unsigned. */
    long u32(int at) {
        return (long) u16(at) << 16 | u16(at + 2);
    }

    int u16Little(int at) {
        return u8(at) | u8(at + 1) << 8;
    }

    int u24Little(int at) {
        return u16Little(at) | u8(at + 2) << 16;
    }

    long u32Little(int at) {
        return (u16Little(at) | (long) u16Little(at + 2) << 16) & 0xffff_ffffL;
    }

    /** Four characters that name a chunk. */
    String tag(int at) {
        byte[] tag = {(byte) u8(at), (byte) u8(at + 1), (byte) u8(at + 2), (byte) u8(at + 3)};
        return new String(tag, StandardCharsets.ISO_8859_1);
    }

    /** The CRC-32 of a stretch that must be there. */
    long crc32(int from, int count) {
        CRC32 crc = new CRC32();
        file.update(crc, from, count);
        return crc.getValue();
    }

    boolean startsWith(byte[] signature) {
        return Arrays.equals(file.prefix(signature.length), signature);
    }
}
