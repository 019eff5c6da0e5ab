package dev.darkroom.image.local;

import io.vertx.core.Context;
import io.vertx.core.Handler;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file as a {@link ReadStream}, read in blocks of 64 KiB on the worker pool of the image store. Closes the file at the end, on failure
 * and when the handler is removed. {@code AsyncFile} of Vert.x does not close itself and reads on the shared default pool.
 *
 * <p>Used on the context on which it was opened; handlers are called there.
 */
final class FileReadStream implements ReadStream<Buffer> {
    private static final Logger LOG = LoggerFactory.getLogger(FileReadStream.class);
    private static final int BLOCK_BYTES = 64 * 1024;

    private final FileChannel channel;
    private final WorkerExecutor workers;
    private final Context context;
    private Handler<Buffer> handler;
    private Handler<Void> endHandler;
    private Handler<Throwable> exceptionHandler;
    private long demand = Long.MAX_VALUE;
    private Buffer pendingBlock;
    private boolean reading;
    private boolean closed;

    FileReadStream(FileChannel channel, WorkerExecutor workers, Context context) {
        this.channel = channel;
        this.workers = workers;
        this.context = context;
    }

    @Override
    public FileReadStream handler(Handler<Buffer> newHandler) {
        if (newHandler == null && handler != null) {
            close();
        }
        handler = newHandler;
        advance();
        return this;
    }

    @Override
    public FileReadStream endHandler(Handler<Void> newHandler) {
        endHandler = newHandler;
        return this;
    }

    @Override
    public FileReadStream exceptionHandler(Handler<Throwable> newHandler) {
        exceptionHandler = newHandler;
        return this;
    }

    @Override
    public FileReadStream pause() {
        demand = 0;
        return this;
    }

    @Override
    public FileReadStream resume() {
        return fetch(Long.MAX_VALUE);
    }

    @Override
    public FileReadStream fetch(long amount) {
        demand = demand + amount < 0 ? Long.MAX_VALUE : demand + amount;
        advance();
        return this;
    }

    private void advance() {
        if (closed || handler == null || demand == 0) {
            return;
        }
        if (pendingBlock != null) {
            Buffer block = pendingBlock;
            pendingBlock = null;
            if (demand != Long.MAX_VALUE) {
                demand--;
            }
            handler.handle(block);
            advance();
        } else if (!reading) {
            reading = true;
            workers.executeBlocking(this::readBlock, false)
                    .onComplete(
                            block -> context.runOnContext(v -> onBlock(block)),
                            failure -> context.runOnContext(v -> {
                                reading = false;
                                handleFailure(failure);
                            }));
        }
    }

    private Buffer readBlock() {
        ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);
        try {
            while (block.hasRemaining() && channel.read(block) >= 0) {
                // A read may return fewer bytes than remain in the block.
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Buffer.buffer(block.position()).appendBytes(block.array(), 0, block.position());
    }

    private void onBlock(Buffer block) {
        reading = false;
        if (closed) {
            return;
        }
        if (block.length() > 0) {
            pendingBlock = block;
            advance();
            return;
        }
        close();
        if (endHandler != null) {
            endHandler.handle(null);
        }
    }

    private void handleFailure(Throwable failure) {
        if (closed) {
            return;
        }
        close();
        if (exceptionHandler != null) {
            exceptionHandler.handle(failure);
        } else {
            LOG.atWarn().setCause(failure).log("image read failed");
        }
    }

    private void close() {
        if (closed) {
            return;
        }
        closed = true;
        pendingBlock = null;
        workers.<Void>executeBlocking(
                        () -> {
                            channel.close();
                            return null;
                        },
                        false)
                .onFailure(failure -> LOG.atWarn().setCause(failure).log("image file close failed"));
    }
}
