package dev.darkroom.image;

import java.nio.charset.StandardCharsets;

/** Reading numbers out of a file, where reading past its end means that the file was cut off. */
final class Bytes {
    private final byte[] file;

    Bytes(byte[] file) {
        this.file = file;
    }

    byte[] file() {
        return file;
    }

    int u8(int at) {
        if (at < 0 || at >= file.length) {
            throw new NotAPictureException("cut off after " + file.length + " bytes");
        }
        return file[at] & 0xff;
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
        u8(at + 3);
        return new String(file, at, 4, StandardCharsets.ISO_8859_1);
    }

    boolean startsWith(byte[] signature) {
        if (file.length < signature.length) {
            return false;
        }
        for (int i = 0; i < signature.length; i++) {
            if (file[i] != signature[i]) {
                return false;
            }
        }
        return true;
    }
}
