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
public final class ChunkedBytes {
    private static final int CHUNK_SHIFT = 16;
    private static final int CHUNK_BYTES = 1 << CHUNK_SHIFT;

    /** All but the last are full. */
    private final byte[][] chunks;

    private final int length;

    private ChunkedBytes(byte[][] blocks, int length) {
        this.chunks = blocks;
        this.length = length;
    }

    /** A copy of these bytes. */
    public static ChunkedBytes of(byte[] bytes) {
        return new Builder().append(bytes, 0, bytes.length).build();
    }

    public int length() {
        return length;
    }

    /** The byte at an index from 0 to {@link #length()} - 1. */
    public byte byteAt(int index) {
        return chunks[Objects.checkIndex(index, length) >> CHUNK_SHIFT][index & CHUNK_BYTES - 1];
    }

    /** A copy of the first bytes, {@code atMost} so many. */
    public byte[] prefix(int atMost) {
        byte[] start = new byte[Math.min(atMost, length)];
        forEachChunk(0, start.length, (block, from, count, at) -> System.arraycopy(block, from, start, at, count));
        return start;
    }

    /** A copy of all, in one array. */
    public byte[] toBytes() {
        return prefix(length);
    }

    /** Reads from an index on. */
    public InputStream openStream(int from) {
        return new ChunkInputStream(from, false);
    }

    /**
     * Reads from the start, and lets go of each block once the one after it has been left too. What was read is gone: for
     * the one who has these bytes to himself. Meanwhile {@link #openStream} still works from a block before the place reached.
     */
    public InputStream drain() {
        return new ChunkInputStream(0, true);
    }

    void update(MessageDigest digest) {
        forEachChunk(0, length, (block, from, count, at) -> digest.update(block, from, count));
    }

    void update(Checksum checksum, int from, int count) {
        forEachChunk(from, count, (block, start, bytes, at) -> checksum.update(block, start, bytes));
    }

    /** Writes all. Block by block, also because the JDK keeps, per thread, a native buffer as large as the largest write. */
    public void writeTo(WritableByteChannel channel) throws IOException {
        for (int i = 0; i < chunks.length; i++) {
            ByteBuffer rest = ByteBuffer.wrap(chunks[i], 0, Math.min(CHUNK_BYTES, length - i * CHUNK_BYTES));
            while (rest.hasRemaining()) {
                channel.write(rest);
            }
        }
    }

    private interface ChunkConsumer {
        /** @param at how many bytes came before */
        void accept(byte[] block, int from, int count, int at);
    }

    private void forEachChunk(int from, int count, ChunkConsumer chunkConsumer) {
        Objects.checkFromIndexSize(from, count, length);
        for (int done = 0; done < count; ) {
            int inBlock = from + done & CHUNK_BYTES - 1;
            int next = Math.min(count - done, CHUNK_BYTES - inBlock);
            chunkConsumer.accept(chunks[from + done >> CHUNK_SHIFT], inBlock, next, done);
            done += next;
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ChunkedBytes same && length == same.length && Arrays.deepEquals(chunks, same.chunks);
    }

    @Override
    public int hashCode() {
        return Arrays.deepHashCode(chunks);
    }

    /** Not the bytes: there are too many. */
    @Override
    public String toString() {
        return length + " bytes";
    }

    /** Gathers bytes. Not thread-safe. */
    public static final class Builder {
        private final List<byte[]> chunks = new ArrayList<>();
        private int length;

        public int length() {
            return length;
        }

        public Builder append(byte[] from, int start, int count) {
            for (int done = 0; done < count; ) {
                int next = Math.min(count - done, remainingInChunk());
                System.arraycopy(from, start + done, lastChunk(), length & CHUNK_BYTES - 1, next);
                length += next;
                done += next;
            }
            return this;
        }

        public Builder append(Buffer from) {
            for (int done = 0; done < from.length(); ) {
                int next = Math.min(from.length() - done, remainingInChunk());
                from.getBytes(done, done + next, lastChunk(), length & CHUNK_BYTES - 1);
                length += next;
                done += next;
            }
            return this;
        }

        /** How much the last block can still take, which is a new one if the last was full. */
        private int remainingInChunk() {
            int used = length & CHUNK_BYTES - 1;
            if (used == 0) {
                chunks.add(new byte[CHUNK_BYTES]);
            }
            return CHUNK_BYTES - used;
        }

        private byte[] lastChunk() {
            return chunks.get(chunks.size() - 1);
        }

        /** What was gathered; the builder is of no more use then. */
        public ChunkedBytes build() {
            int used = length & CHUNK_BYTES - 1;
            if (used > 0) {
                chunks.set(chunks.size() - 1, Arrays.copyOf(lastChunk(), used));
            }
            return new ChunkedBytes(chunks.toArray(byte[][]::new), length);
        }
    }

    private final class ChunkInputStream extends InputStream {
        private final boolean draining;
        private int position;

        ChunkInputStream(int from, boolean draining) {
            this.position = from;
            this.draining = draining;
        }

        @Override
        public int read() {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int start, int most) {
            if (position >= length) {
                return most == 0 ? 0 : -1;
            }
            int block = position >> CHUNK_SHIFT;
            int inBlock = position & CHUNK_BYTES - 1;
            int count = Math.min(most, Math.min(CHUNK_BYTES - inBlock, length - position));
            System.arraycopy(chunks[block], inBlock, into, start, count);
            position += count;
            if (draining && block > 1) {
                chunks[block - 2] = null;
            }
            return count;
        }

        @Override
        public int available() {
            return length - position;
        }
    }
}
