package dev.darkroom.image.s3;

import dev.darkroom.image.store.ImageContent;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.io.EOFException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.function.LongFunction;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/**
 * An open range of an object. Requests bytes of the connection only for a pending read, so that a slow reader costs one block. A connection
 * that breaks after it delivered bytes is replaced by a request for the remaining range. Confined to one context.
 */
final class S3ImageContent implements ImageContent {
    /** The client of the SDK passes bytes in pieces of at most this size. */
    private static final int PIECE_BYTES = 8192;

    private final Context context;
    private final LongFunction<Future<Publisher<ByteBuffer>>> download;
    private Download current;
    private Buffer received = Buffer.buffer();
    /** Position of the next byte from the connection. */
    private long position;

    private int wanted;
    /** Null without a pending read. */
    private Promise<Buffer> pending;

    private boolean closed;

    private S3ImageContent(Context context, LongFunction<Future<Publisher<ByteBuffer>>> download, long start) {
        this.context = context;
        this.download = download;
        this.position = start;
    }

    /**
     * Opens a range.
     *
     * @param context runs all callbacks
     * @param download requests the bytes from a position to the end of the range
     * @return fails as {@code download} does
     */
    static Future<ImageContent> open(
            Context context, LongFunction<Future<Publisher<ByteBuffer>>> download, long start) {
        S3ImageContent content = new S3ImageContent(context, download, start);
        return download.apply(start).map(body -> {
            context.runOnContext(v -> content.subscribe(body));
            return content;
        });
    }

    private void subscribe(Publisher<ByteBuffer> body) {
        current = new Download();
        body.subscribe(current);
    }

    @Override
    public Future<Buffer> read(int length) {
        Promise<Buffer> promise = Promise.promise();
        context.runOnContext(v -> {
            wanted = length;
            pending = promise;
            advance();
        });
        return promise.future();
    }

    /** Completes the pending read, or requests the missing bytes. */
    private void advance() {
        if (pending == null) {
            return;
        }
        if (received.length() >= wanted) {
            Buffer block = received.getBuffer(0, wanted);
            received = received.getBuffer(wanted, received.length());
            complete().complete(block);
        } else if (current.failure != null) {
            resume();
        } else if (current.subscription != null && current.requested == 0) {
            current.requested = (wanted - received.length() + PIECE_BYTES - 1) / PIECE_BYTES;
            current.subscription.request(current.requested);
        }
    }

    private Promise<Buffer> complete() {
        Promise<Buffer> promise = pending;
        pending = null;
        return promise;
    }

    private void resume() {
        Throwable failure = current.failure;
        if (closed || !current.progressed || failure instanceof EOFException) {
            fail(failure);
        } else {
            download.apply(position)
                    .onSuccess(body -> context.runOnContext(v -> subscribe(body)))
                    .onFailure(this::fail);
        }
    }

    private void fail(Throwable failure) {
        complete().fail(new UncheckedIOException(S3Failures.translate("download", failure)));
    }

    @Override
    public Future<Void> close() {
        context.runOnContext(v -> {
            closed = true;
            if (current.subscription != null && current.failure == null) {
                current.subscription.cancel();
            }
        });
        return Future.succeededFuture();
    }

    /** The body of one response. The SDK calls it on its own threads. */
    private final class Download implements Subscriber<ByteBuffer> {
        private Subscription subscription;
        /** Number of pieces that were requested and not received yet. */
        private int requested;

        private boolean progressed;
        /** Set at the end of the body, also of a complete one. */
        private Throwable failure;

        @Override
        public void onSubscribe(Subscription started) {
            context.runOnContext(v -> {
                subscription = started;
                if (closed) {
                    started.cancel();
                } else {
                    advance();
                }
            });
        }

        @Override
        public void onNext(ByteBuffer piece) {
            byte[] bytes = new byte[piece.remaining()];
            piece.get(bytes);
            context.runOnContext(v -> {
                requested--;
                progressed = true;
                position += bytes.length;
                received.appendBytes(bytes);
                advance();
            });
        }

        @Override
        public void onError(Throwable cause) {
            end(cause);
        }

        @Override
        public void onComplete() {
            end(new EOFException("the object ends before the image"));
        }

        private void end(Throwable cause) {
            context.runOnContext(v -> {
                failure = cause;
                advance();
            });
        }
    }
}
