package dev.darkroom.image.store;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;

/** An open range of an image. Its reader reads one block after the other and closes it. Nothing blocks. */
public interface ImageContent {

    /**
     * Reads the next block. Must not be called before the previous block was read.
     *
     * @param length at most the number of remaining bytes of the range
     * @return exactly {@code length} bytes. Fails with {@link java.io.UncheckedIOException} when the block cannot be read or the image
     *     ends before
     */
    Future<Buffer> read(int length);

    /** Closes the image, whether or not all bytes were read. */
    Future<Void> close();
}
