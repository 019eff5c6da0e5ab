package dev.darkroom.simulator.picture;

import java.util.Arrays;

/** Bytes filled bit by bit from the lowest, as RFC 1951 wants it. */
final class Bits {
    private byte[] bytes;
    private int size;
    private long pending;
    private int pendingBits;

    Bits(int expected) {
        this.bytes = new byte[expected];
    }

    /** Writes the {@code count} lowest bits of a number, at most 32. */
    void write(int value, int count) {
        pending |= (long) value << pendingBits;
        pendingBits += count;
        while (pendingBits >= 8) {
            flush();
        }
    }

    /** Fills up the byte begun with zeros. */
    void align() {
        if (pendingBits > 0) {
            flush();
        }
    }

    byte[] bytes() {
        return Arrays.copyOf(bytes, size);
    }

    private void flush() {
        if (size == bytes.length) {
            bytes = Arrays.copyOf(bytes, size * 2);
        }
        bytes[size++] = (byte) pending;
        pending >>>= 8;
        pendingBits = Math.max(0, pendingBits - 8);
    }
}
