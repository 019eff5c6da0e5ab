package dev.darkroom.image.s3;

import dev.darkroom.image.store.ImageContent;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.io.EOFException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.core.async.SdkPublisher;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/**
 * An open range of an object. Requests bytes of the connection only for a pending read, so that a slow reader costs one block. A connection
 * that breaks after it delivered bytes is replaced by a request for the remaining range. Confined to one context.
 */
final class S3ImageContent implements ImageContent {
    /** The client of the SDK passes bytes in pieces of at most this size. */
    private static final int PIECE_BYTES = 8192;

    private final Context context;
    private final RangeRequest request;
    private Download current;
    /** Position of the next byte from the connection. */
    private long position;

    /** Null without a pending read. */
    private Promise<Buffer> pending;

    /** Bytes of the pending read, up to {@code wanted}. */
    private Buffer block;

    private int wanted;
    /** Bytes that were received after those of the block, less than a piece. */
    private Buffer excess = Buffer.buffer();

    private boolean closed;

    /** Requests the bytes from a position to the end of the range. */
    interface RangeRequest {
        Future<Publisher<ByteBuffer>> send(
                long position, AsyncResponseTransformer<GetObjectResponse, Publisher<ByteBuffer>> response);
    }

    private S3ImageContent(Context context, RangeRequest request, long start) {
        this.context = context;
        this.request = request;
        this.position = start;
    }

    /**
     * Opens a range.
     *
     * @param context runs all callbacks
     * @return fails as {@code request} does
     */
    static Future<ImageContent> open(Context context, RangeRequest request, long start) {
        S3ImageContent content = new S3ImageContent(context, request, start);
        return content.download().map(content);
    }

    private Future<Void> download() {
        Download download = new Download();
        current = download;
        return request.send(position, download)
                .onSuccess(body -> context.runOnContext(v -> body.subscribe(download)))
                .mapEmpty();
    }

    @Override
    public Future<Buffer> read(int length) {
        Promise<Buffer> promise = Promise.promise();
        context.runOnContext(v -> {
            pending = promise;
            wanted = length;
            // Allocated once: a block that grows would be copied several times.
            block = Buffer.buffer(length);
            Buffer earlier = excess;
            excess = Buffer.buffer();
            append(earlier.getBytes(), 0, earlier.length());
            advance();
        });
        return promise.future();
    }

    private void append(byte[] bytes, int offset, int length) {
        int used = pending == null ? 0 : Math.min(length, wanted - block.length());
        block.appendBytes(bytes, offset, used);
        if (used < length) {
            excess.appendBytes(bytes, offset + used, length - used);
        }
    }

    /** Completes the pending read, or requests the missing bytes. */
    private void advance() {
        if (pending == null) {
            return;
        }
        if (block.length() == wanted) {
            endRead().complete(block);
        } else if (current.failure != null) {
            continueOrFail();
        } else if (current.subscription != null && current.requested == 0) {
            current.requested = (wanted - block.length() + PIECE_BYTES - 1) / PIECE_BYTES;
            current.subscription.request(current.requested);
        }
    }

    private void continueOrFail() {
        if (closed || !current.progressed || current.failure instanceof EOFException) {
            fail(current.failure);
        } else {
            download().onFailure(failure -> context.runOnContext(v -> fail(failure)));
        }
    }

    private void fail(Throwable failure) {
        if (pending != null) {
            endRead().fail(new UncheckedIOException(S3Failures.translate("download", failure)));
        }
    }

    private Promise<Buffer> endRead() {
        Promise<Buffer> promise = pending;
        pending = null;
        return promise;
    }

    @Override
    public Future<Void> close() {
        context.runOnContext(v -> {
            closed = true;
            current.cancel();
        });
        return Future.succeededFuture();
    }

    /** One response. The SDK calls it on its own threads. */
    private final class Download
            implements AsyncResponseTransformer<GetObjectResponse, Publisher<ByteBuffer>>, Subscriber<ByteBuffer> {
        private volatile CompletableFuture<Publisher<ByteBuffer>> response;
        /** False while the SDK may repeat the request. */
        private volatile boolean streaming;

        private Subscription subscription;
        /** Number of pieces that were requested and not received yet. */
        private int requested;

        private boolean progressed;
        /** Set at the end of the body, also of a complete one. */
        private Throwable failure;

        @Override
        public CompletableFuture<Publisher<ByteBuffer>> prepare() {
            response = new CompletableFuture<>();
            return response;
        }

        @Override
        public void onResponse(GetObjectResponse head) {
            // The range was requested with its exact positions.
        }

        @Override
        public void onStream(SdkPublisher<ByteBuffer> body) {
            streaming = true;
            response.complete(body);
        }

        /** Also called for a connection that breaks during the body, of which the SDK may not notify the subscriber. */
        @Override
        public void exceptionOccurred(Throwable cause) {
            response.completeExceptionally(cause);
            if (streaming) {
                end(cause);
            }
        }

        @Override
        public void onSubscribe(Subscription started) {
            context.runOnContext(v -> {
                subscription = started;
                if (closed) {
                    cancel();
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
                if (failure == null) {
                    requested--;
                    progressed = true;
                    position += bytes.length;
                    append(bytes, 0, bytes.length);
                    advance();
                }
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
                if (failure == null) {
                    failure = cause;
                    if (this == current) {
                        advance();
                    }
                }
            });
        }

        private void cancel() {
            if (subscription != null && failure == null) {
                subscription.cancel();
            }
        }
    }
}
