package dev.darkroom.api.body;

import dev.darkroom.api.problem.Problem;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;

/**
 * Receives the body of a request in pieces, up to limits of size and time. The body handler of Vert.x also decodes forms, and treats a client
 * that disconnects as a server error. For the event loop of the request.
 */
final class RequestBodyReceiver {
    /** Time that a client with a rejected body has to finish sending and read the response, before it is disconnected. */
    private static final long DRAIN_TIMEOUT_MS = 5_000;

    /** Error code of a reset after a response that did not need the rest of the request (RFC 9113, section 8.1). */
    private static final long NO_ERROR = 0;

    private final Vertx vertx;
    private final HttpServerRequest request;
    private final RequestBodyLimits limits;
    private final Consumer consumer;
    private long received;
    /** Whether the consumer got the end or a failure. */
    private boolean ended;

    private long timer;

    /** Consumer of a body. After {@code onEnd} or {@code onFailure}, no method is called. */
    interface Consumer {
        void onData(Buffer data);

        void onEnd();

        /** @param failure a {@link Problem} for a rejected body, {@link HttpClosedException} when the client disconnects */
        void onFailure(Throwable failure);
    }

    RequestBodyReceiver(Vertx vertx, HttpServerRequest request, RequestBodyLimits limits, Consumer consumer) {
        this.vertx = vertx;
        this.request = request;
        this.limits = limits;
        this.consumer = consumer;
    }

    /** Starts to receive. Must be called before the handler of the request returns. */
    void start() {
        String expect = request.getHeader(HttpHeaders.EXPECT);
        boolean expectsContinue = "100-continue".equalsIgnoreCase(expect);
        if (expect != null && !expectsContinue) {
            ended = true;
            consumer.onFailure(Problem.invalid("Expect", "must be 100-continue"));
            return;
        }
        request.handler(this::onData).endHandler(end -> onEnd()).exceptionHandler(this::onFailure);
        startTimer();
        if (declaredLength() > limits.maxBytes()) {
            reject(bodyTooLarge());
        } else if (expectsContinue && request.version() != HttpVersion.HTTP_1_0) {
            request.response().writeContinue();
        }
    }

    /** Stops to receive. The time limit does not apply meanwhile. */
    void pause() {
        vertx.cancelTimer(timer);
        request.pause();
    }

    /** Continues to receive. The time limit starts anew. */
    void resume() {
        if (!ended) {
            startTimer();
            request.resume();
        }
    }

    /** Rejects the body: fails the consumer, and drops what follows. */
    void reject(Problem problem) {
        if (ended) {
            return;
        }
        ended = true;
        vertx.cancelTimer(timer);
        timer = vertx.setTimer(DRAIN_TIMEOUT_MS, late -> abort());
        request.endHandler(end -> vertx.cancelTimer(timer));
        request.resume();
        consumer.onFailure(problem);
    }

    private void startTimer() {
        timer = vertx.setTimer(limits.timeout().toMillis(), late -> reject(Problem.requestTimeout()));
    }

    /** Returns the declared length, 0 without one. The HTTP server has rejected lengths that are not numbers. */
    long declaredLength() {
        String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        return length == null ? 0 : Long.parseLong(length);
    }

    private void onData(Buffer data) {
        if (ended) {
            return;
        }
        received += data.length();
        if (received > limits.maxBytes()) {
            reject(bodyTooLarge());
        } else {
            consumer.onData(data);
        }
    }

    private void onEnd() {
        vertx.cancelTimer(timer);
        if (!ended) {
            ended = true;
            consumer.onEnd();
        }
    }

    private void onFailure(Throwable failure) {
        vertx.cancelTimer(timer);
        if (!ended) {
            ended = true;
            consumer.onFailure(failure instanceof HttpClosedException ? failure : Problem.malformedRequest());
        }
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
