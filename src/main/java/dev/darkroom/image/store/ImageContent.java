package dev.darkroom.image.store;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.function.Consumer;

/** An open range of an image. Its reader reads one block after the other and closes it. Nothing blocks. */
public interface ImageContent {
    /** Size of the blocks of {@link #readBlocks}. */
    int BLOCK_BYTES = 1 << 16;

    /**
     * Reads the next block. Must not be called before the previous block was read.
     *
     * @param length at most the number of remaining bytes of the range
     * @return exactly {@code length} bytes. Fails with {@link java.io.UncheckedIOException} when the block cannot be read or the image
     *     ends before
     */
    Future<Buffer> read(int length);

    /**
     * Reads bytes in blocks.
     *
     * @param length at most the number of remaining bytes of the range
     * @param consumer receives the blocks in order
     * @return fails as {@link #read} does
     */
    default Future<Void> readBlocks(long length, Consumer<Buffer> consumer) {
        return length == 0
                ? Future.succeededFuture()
                : read((int) Math.min(BLOCK_BYTES, length)).compose(block -> {
                    consumer.accept(block);
                    return readBlocks(length - block.length(), consumer);
                });
    }

    /** Closes the image, whether or not all bytes were read. */
    Future<Void> close();
}
