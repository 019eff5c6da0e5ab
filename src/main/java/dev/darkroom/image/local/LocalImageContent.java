package dev.darkroom.image.local;

import dev.darkroom.image.store.ImageContent;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * An open image file. Uses the worker pool of the image store.
 *
 * @param channel its position is that of the next block
 */
record LocalImageContent(FileChannel channel, WorkerExecutor workers) implements ImageContent {

    @Override
    public Future<Buffer> read(int length) {
        return workers.executeBlocking(() -> readBlock(length), false);
    }

    private Buffer readBlock(int length) {
        ByteBuffer block = ByteBuffer.allocate(length);
        try {
            while (block.hasRemaining()) {
                if (channel.read(block) < 0) {
                    throw new EOFException("image ends at byte " + channel.position());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Buffer.buffer(block.array());
    }

    @Override
    public Future<Void> close() {
        return workers.executeBlocking(
                () -> {
                    channel.close();
                    return null;
                },
                false);
    }
}
