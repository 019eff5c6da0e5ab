package dev.darkroom.image;

import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.zip.Checksum;

/**
 * Many bytes in memory, in blocks of 64 KiB. They take the room that they take and no more: nothing is ever doubled to
 * grow, and no array is so large that a full heap has no place for it although it has the room. Not to be changed once
 * built, except by {@link #drain()}.
 */
public final class Blocks {
    private static final int SHIFT = 16;
    private static final int BLOCK = 1 << SHIFT;

    /** All but the last are full. */
    private final byte[][] blocks;

    private final int length;

    private Blocks(byte[][] blocks, int length) {
        this.blocks = blocks;
        this.length = length;
    }

    /** A copy of these bytes. */
    public static Blocks of(byte[] bytes) {
        return new Builder().append(bytes, 0, bytes.length).build();
    }

    public int length() {
        return length;
    }

    /** The byte at an index from 0 to {@link #length()} - 1. */
    public byte at(int index) {
        return blocks[Objects.checkIndex(index, length) >> SHIFT][index & BLOCK - 1];
    }

    /** A copy of the first bytes, {@code atMost} so many. */
    public byte[] start(int atMost) {
        byte[] start = new byte[Math.min(atMost, length)];
        each(0, start.length, (block, from, count, at) -> System.arraycopy(block, from, start, at, count));
        return start;
    }

    /** A copy of all, in one array. */
    public byte[] toBytes() {
        return start(length);
    }

    /** Reads from an index on. */
    public InputStream read(int from) {
        return new Reading(from, false);
    }

    /**
     * Reads from the start, and lets go of each block once the one after it has been left too. What was read is gone: for
     * the one who has these bytes to himself. Meanwhile {@link #read} still works from a block before the place reached.
     */
    public InputStream drain() {
        return new Reading(0, true);
    }

    void update(MessageDigest digest) {
        each(0, length, (block, from, count, at) -> digest.update(block, from, count));
    }

    void update(Checksum checksum, int from, int count) {
        each(from, count, (block, start, bytes, at) -> checksum.update(block, start, bytes));
    }

    /** Writes all. Block by block, also because the JDK keeps, per thread, a native buffer as large as the largest write. */
    void writeTo(WritableByteChannel channel) throws IOException {
        for (int i = 0; i < blocks.length; i++) {
            ByteBuffer rest = ByteBuffer.wrap(blocks[i], 0, Math.min(BLOCK, length - i * BLOCK));
            while (rest.hasRemaining()) {
                channel.write(rest);
            }
        }
    }

    private interface Stretch {
        /** @param at how many bytes came before */
        void take(byte[] block, int from, int count, int at);
    }

    private void each(int from, int count, Stretch stretch) {
        Objects.checkFromIndexSize(from, count, length);
        for (int done = 0; done < count; ) {
            int inBlock = from + done & BLOCK - 1;
            int next = Math.min(count - done, BLOCK - inBlock);
            stretch.take(blocks[from + done >> SHIFT], inBlock, next, done);
            done += next;
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Blocks same && length == same.length && Arrays.deepEquals(blocks, same.blocks);
    }

    @Override
    public int hashCode() {
        return Arrays.deepHashCode(blocks);
    }

    /** Not the bytes: there are too many. */
    @Override
    public String toString() {
        return length + " bytes";
    }

    /** Gathers bytes. Not thread-safe. */
    public static final class Builder {
        private final List<byte[]> blocks = new ArrayList<>();
        private int length;

        public int length() {
            return length;
        }

        public Builder append(byte[] from, int start, int count) {
            for (int done = 0; done < count; ) {
                int next = Math.min(count - done, room());
                System.arraycopy(from, start + done, last(), length & BLOCK - 1, next);
                length += next;
                done += next;
            }
            return this;
        }

        public Builder append(Buffer from) {
            for (int done = 0; done < from.length(); ) {
                int next = Math.min(from.length() - done, room());
                from.getBytes(done, done + next, last(), length & BLOCK - 1);
                length += next;
                done += next;
            }
            return this;
        }

        /** How much the last block can still take, which is a new one if the last was full. */
        private int room() {
            int used = length & BLOCK - 1;
            if (used == 0) {
                blocks.add(new byte[BLOCK]);
            }
            return BLOCK - used;
        }

        private byte[] last() {
            return blocks.get(blocks.size() - 1);
        }

        /** What was gathered; the builder is of no more use then. */
        public Blocks build() {
            int used = length & BLOCK - 1;
            if (used > 0) {
                blocks.set(blocks.size() - 1, Arrays.copyOf(last(), used));
            }
            return new Blocks(blocks.toArray(byte[][]::new), length);
        }
    }

    private final class Reading extends InputStream {
        private final boolean draining;
        private int at;

        Reading(int from, boolean draining) {
            this.at = from;
            this.draining = draining;
        }

        @Override
        public int read() {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int start, int most) {
            if (at >= length) {
                return most == 0 ? 0 : -1;
            }
            int block = at >> SHIFT;
            int inBlock = at & BLOCK - 1;
            int count = Math.min(most, Math.min(BLOCK - inBlock, length - at));
            System.arraycopy(blocks[block], inBlock, into, start, count);
            at += count;
            if (draining && block > 1) {
                blocks[block - 2] = null;
            }
            return count;
        }

        @Override
        public int available() {
            return length - at;
        }
    }
}
