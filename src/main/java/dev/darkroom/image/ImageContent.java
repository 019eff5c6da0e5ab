package dev.darkroom.image;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;

/** An open image. Its reader reads one block at a time and closes it. Nothing blocks. */
public interface ImageContent {

    /**
     * Reads a block.
     *
     * @return exactly {@code length} bytes. Fails with {@link java.io.UncheckedIOException} when the block cannot be read or the image
     *     ends before
     */
    Future<Buffer> read(long position, int length);

    Future<Void> close();
}
