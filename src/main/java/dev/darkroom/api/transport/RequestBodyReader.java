package dev.darkroom.api.transport;

import dev.darkroom.api.problem.Problem;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;

/**
 * Reads the body of a request up to a limit. The body handler of Vert.x also decodes forms, and treats a client that disconnects as a server
 * error. For the event loop of the request.
 */
public final class RequestBodyReader {
    /** Time that a client with a rejected body has to finish sending and read the response, before it is disconnected. */
    private static final long DRAIN_TIMEOUT_MS = 5_000;

    /** Error code of a reset after a response that did not need the rest of the request (RFC 9113, section 8.1). */
    private static final long NO_ERROR = 0;

    /** Memory of all large bodies that are being received. A growing buffer may take twice the size of its content. */
    private static final ByteBudget MEMORY = new ByteBudget(Runtime.getRuntime().maxMemory() / 16);

    /** Size up to which a body does not count, so that clients that send large bodies slowly block only other large bodies. */
    private static final int FREE_BYTES = 16 * 1024;

    private final Vertx vertx;
    private final HttpServerRequest request;
    private final RequestBodyLimits limits;
    private final boolean retained;
    private final Promise<Buffer> result = Promise.promise();
    private Buffer received = Buffer.buffer();
    private boolean rejected;
    private long timer;

    private RequestBodyReader(Vertx vertx, HttpServerRequest request, RequestBodyLimits limits, boolean retained) {
        this.vertx = vertx;
        this.request = request;
        this.limits = limits;
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
        return new RequestBodyReader(vertx, request, limits, true)
                .start()
                .map(bytes -> new RetainedBody(bytes, () -> MEMORY.release(countedBytes(bytes.length()))));
    }

    private Future<Buffer> start() {
        String expect = request.getHeader(HttpHeaders.EXPECT);
        boolean expectsContinue = "100-continue".equalsIgnoreCase(expect);
        if (expect != null && !expectsContinue) {
            return Future.failedFuture(Problem.invalid("Expect", "must be 100-continue"));
        }
        request.handler(this::onData).endHandler(end -> onEnd()).exceptionHandler(this::onFailure);
        timer = vertx.setTimer(limits.timeout().toMillis(), late -> reject(Problem.requestTimeout()));
        if (declaredLength() > limits.maxBytes()) {
            reject(bodyTooLarge());
        } else if (expectsContinue && request.version() != HttpVersion.HTTP_1_0) {
            request.response().writeContinue();
        }
        return result.future();
    }

    /** Returns the declared length, 0 without one. The HTTP server has rejected lengths that are not numbers. */
    private long declaredLength() {
        String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        return length == null ? 0 : Long.parseLong(length);
    }

    private void onData(Buffer data) {
        if (rejected) {
            return;
        }
        int size = received.length() + data.length();
        if (size > limits.maxBytes()) {
            reject(bodyTooLarge());
        } else if (!MEMORY.tryReserve(countedBytes(size) - countedBytes(received.length()))) {
            reject(Problem.unavailable());
        } else {
            // Most bodies arrive as one buffer, which is not copied.
            received = received.length() == 0 ? data : received.appendBuffer(data);
        }
    }

    private void onEnd() {
        vertx.cancelTimer(timer);
        if (!rejected) {
            // Handlers parse the buffer before tryComplete returns.
            result.tryComplete(received);
            if (!retained) {
                releaseMemory();
            }
        }
    }

    private void onFailure(Throwable failure) {
        vertx.cancelTimer(timer);
        result.tryFail(failure instanceof HttpClosedException ? failure : Problem.malformedRequest());
        releaseMemory();
    }

    private static int countedBytes(int size) {
        return size <= FREE_BYTES ? 0 : size;
    }

    private void releaseMemory() {
        MEMORY.release(countedBytes(received.length()));
        received = Buffer.buffer();
    }

    private void reject(Problem problem) {
        rejected = true;
        releaseMemory();
        vertx.cancelTimer(timer);
        timer = vertx.setTimer(DRAIN_TIMEOUT_MS, late -> abort());
        request.endHandler(end -> vertx.cancelTimer(timer));
        result.tryFail(problem);
    }

    /** Over HTTP/2 resets only the stream, because other requests share the connection. */
    private void abort() {
        if (request.version() == HttpVersion.HTTP_2) {
            request.response().reset(NO_ERROR);
        } else {
            request.connection().close();
        }
    }

    private Problem bodyTooLarge() {
        return Problem.tooLarge(413, "The body may have at most " + limits.maxBytes() + " bytes.");
    }
}
