package dev.darkroom.api.body;

import dev.darkroom.api.problem.Problem;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpServerRequest;

/** Reads the whole body of a request up to a limit. For the event loop of the request. */
public final class RequestBodyReader {
    private final RequestBodyReceiver receiver;
    private final boolean retained;
    private final RequestBodyMemory memory = new RequestBodyMemory();
    private final Promise<Buffer> result = Promise.promise();
    private Buffer received = Buffer.buffer();

    private RequestBodyReader(Vertx vertx, HttpServerRequest request, RequestBodyLimits limits, boolean retained) {
        this.receiver = new RequestBodyReceiver(vertx, request, limits, new Accumulator());
        this.retained = retained;
    }

    /**
     * A body and the reservation of its memory, which lasts until {@code release} runs.
     *
     * @param release to be run once, when the bytes are no longer used
     */
    public record RetainedBody(Buffer bytes, Runnable release) {}

    /**
     * Reads the whole body, empty when the request has none. Must be called before the handler of the request returns.
     *
     * @return completes with a buffer that handlers must not keep, because its memory is released when they return; fails with a
     *     {@link Problem} for a rejected body, and with {@link HttpClosedException} when the client disconnects
     */
    public static Future<Buffer> read(Vertx vertx, HttpServerRequest request, RequestBodyLimits limits) {
        return new RequestBodyReader(vertx, request, limits, false).start();
    }

    /** As {@link #read}, for a handler that uses the bytes after it has returned. */
    public static Future<RetainedBody> readRetained(Vertx vertx, HttpServerRequest request, RequestBodyLimits limits) {
        RequestBodyReader reader = new RequestBodyReader(vertx, request, limits, true);
        return reader.start().map(bytes -> new RetainedBody(bytes, reader.memory::release));
    }

    private Future<Buffer> start() {
        receiver.start();
        try {
            RequestBodyMemory.checkSize(receiver.declaredLength());
        } catch (Problem problem) {
            receiver.reject(problem);
        }
        return result.future();
    }

    private final class Accumulator implements RequestBodyReceiver.Consumer {
        @Override
        public void onData(Buffer data) {
            try {
                memory.resize((long) received.length() + data.length());
            } catch (Problem problem) {
                receiver.reject(problem);
                return;
            }
            // Most bodies arrive as one buffer, which is not copied.
            received = received.length() == 0 ? data : received.appendBuffer(data);
        }

        @Override
        public void onEnd() {
            // Handlers parse the buffer before tryComplete returns.
            result.tryComplete(received);
            if (!retained) {
                drop();
            }
        }

        @Override
        public void onFailure(Throwable failure) {
            drop();
            result.tryFail(failure);
        }

        private void drop() {
            memory.release();
            received = Buffer.buffer();
        }
    }
}
