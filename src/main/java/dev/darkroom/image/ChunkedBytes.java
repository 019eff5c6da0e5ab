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
 * A large byte sequence in chunks of 64 KiB. Growing copies no data and allocates no more than one chunk beyond the content. No array is
 * large, so that a fragmented heap can hold it. Immutable except for {@link #drain()}.
 */
public final class ChunkedBytes {
    private static final int CHUNK_SHIFT = 16;
    private static final int CHUNK_BYTES = 1 << CHUNK_SHIFT;

    /** All chunks but the last are full. */
    private final byte[][] chunks;

    private final int length;

    private ChunkedBytes(byte[][] chunks, int length) {
        this.chunks = chunks;
        this.length = length;
    }

    /** Copies an array. */
    public static ChunkedBytes of(byte[] bytes) {
        return new Builder().append(bytes, 0, bytes.length).build();
    }

    public int length() {
        return length;
    }

    /** Returns the byte at an index from 0 to {@link #length()} - 1. */
    public byte byteAt(int index) {
        return chunks[Objects.checkIndex(index, length) >> CHUNK_SHIFT][index & CHUNK_BYTES - 1];
    }

    /** Copies the first {@code maxLength} bytes, or all if there are fewer. */
    public byte[] prefix(int maxLength) {
        byte[] prefix = new byte[Math.min(maxLength, length)];
        forEachChunk(
                0, prefix.length, (chunk, from, count, offset) -> System.arraycopy(chunk, from, prefix, offset, count));
        return prefix;
    }

    /** Copies all bytes into one array. */
    public byte[] toBytes() {
        return prefix(length);
    }

    /** Returns a read-only view of the bytes from {@code from} to the end of their chunk. Copies nothing. */
    public ByteBuffer chunkFrom(int from) {
        Objects.checkIndex(from, length);
        int chunk = from >> CHUNK_SHIFT;
        int end = Math.min(CHUNK_BYTES, length - (chunk << CHUNK_SHIFT));
        int offset = from & CHUNK_BYTES - 1;
        return ByteBuffer.wrap(chunks[chunk], offset, end - offset).slice().asReadOnlyBuffer();
    }

    /** Opens a stream that starts at an index. */
    public InputStream openStream(int from) {
        return new ChunkInputStream(from, false);
    }

    /**
     * Opens a stream that starts at index 0 and releases the chunks that it has read, so that the garbage collector can free them. The
     * current and the previous chunk are kept; {@link #openStream} works from there on. Only for the exclusive owner of the bytes.
     */
    public InputStream drain() {
        return new ChunkInputStream(0, true);
    }

    void update(MessageDigest digest) {
        forEachChunk(0, length, (chunk, from, count, offset) -> digest.update(chunk, from, count));
    }

    void update(Checksum checksum, int from, int count) {
        forEachChunk(from, count, (chunk, start, bytes, offset) -> checksum.update(chunk, start, bytes));
    }

    /** Writes all bytes, chunk by chunk: the JDK keeps a native buffer per thread with the size of the largest write. */
    public void writeTo(WritableByteChannel channel) throws IOException {
        for (int i = 0; i < chunks.length; i++) {
            ByteBuffer chunk = ByteBuffer.wrap(chunks[i], 0, Math.min(CHUNK_BYTES, length - i * CHUNK_BYTES));
            while (chunk.hasRemaining()) {
                channel.write(chunk);
            }
        }
    }

    private interface ChunkConsumer {
        /** @param offset number of bytes passed to previous calls */
        void accept(byte[] chunk, int from, int count, int offset);
    }

    private void forEachChunk(int from, int count, ChunkConsumer consumer) {
        Objects.checkFromIndexSize(from, count, length);
        for (int done = 0; done < count; ) {
            int start = from + done & CHUNK_BYTES - 1;
            int next = Math.min(count - done, CHUNK_BYTES - start);
            consumer.accept(chunks[from + done >> CHUNK_SHIFT], start, next, done);
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

    /** Returns the length without the content. */
    @Override
    public String toString() {
        return length + " bytes";
    }

    /** Collects bytes. Not thread-safe. */
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

        /** Overwrites collected bytes from an index, inclusive, to another, exclusive. */
        public Builder fill(int from, int to, byte value) {
            Objects.checkFromToIndex(from, to, length);
            for (int index = from; index < to; index++) {
                chunks.get(index >> CHUNK_SHIFT)[index & CHUNK_BYTES - 1] = value;
            }
            return this;
        }

        /** Returns the free space in the last chunk. Adds a chunk if the last one is full. */
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

        /** Returns the collected bytes. The builder must not be used after that. */
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
            byte[] single = new byte[1];
            return read(single, 0, 1) < 0 ? -1 : single[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int start, int maxCount) {
            if (position >= length) {
                return maxCount == 0 ? 0 : -1;
            }
            int chunk = position >> CHUNK_SHIFT;
            int offset = position & CHUNK_BYTES - 1;
            int count = Math.min(maxCount, Math.min(CHUNK_BYTES - offset, length - position));
            System.arraycopy(chunks[chunk], offset, target, start, count);
            position += count;
            if (draining && chunk > 1) {
                chunks[chunk - 2] = null;
            }
            return count;
        }

        @Override
        public int available() {
            return length - position;
        }
    }
}
