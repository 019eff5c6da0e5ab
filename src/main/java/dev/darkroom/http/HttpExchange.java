package dev.darkroom.http;

import dev.darkroom.http.HttpCallException.Reason;
import dev.darkroom.http.egress.HttpDestination;
import dev.darkroom.http.egress.RejectedUrlException;
import dev.darkroom.image.ChunkedBytes;
import dev.darkroom.telemetry.SpanAttribute;
import dev.darkroom.telemetry.TraceSpan;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.time.Duration;
import javax.net.ssl.SSLException;

/**
 * One request and its response, redirects included. Ends once: with its response, a failure, its timeout or an abort, which may
 * precede its start. Its end aborts its connection, unless Vert.x has closed it after the whole response. For a single call of
 * {@link OutboundHttpClient#send}; confined to one event loop.
 */
public final class HttpExchange {
    private static final int FIRST_ERROR_STATUS = 400;

    private final Promise<OutboundResponse> result = Promise.promise();
    private OutboundHttpClient client;
    private Vertx vertx;
    private OutboundRequest request;
    private ResponseLimits limits;
    private long deadline;
    private long timer;

    // State of the current request. A redirect replaces it.
    private RequestTarget target;
    private HttpClientRequest connected;
    private HttpClientResponse response;
    private ChunkedBytes.Builder body;
    private int bytesRead;
    private boolean paused;

    /** Aborts the exchange. It fails with {@link Reason#ABORTED} unless it has ended. */
    public void abort() {
        fail(Reason.ABORTED, "The call was aborted.", null);
    }

    /** Returns true once the request has a connection: from then on the server may have received it. */
    public boolean sent() {
        return connected != null;
    }

    Future<OutboundResponse> start(
            OutboundHttpClient outboundHttpClient,
            Vertx owner,
            OutboundRequest outboundRequest,
            ResponseLimits responseLimits) {
        result.future().onComplete(done -> endSpan(outboundRequest.span(), done));
        if (!ended()) {
            client = outboundHttpClient;
            vertx = owner;
            request = outboundRequest;
            limits = responseLimits;
            startTimer();
            open(request.target());
        }
        return result.future();
    }

    private static void endSpan(TraceSpan span, AsyncResult<OutboundResponse> done) {
        if (done.failed()) {
            span.fail(((HttpCallException) done.cause()).reason().name());
            return;
        }
        int status = done.result().status();
        span.set(SpanAttribute.HTTP_STATUS, status);
        if (status >= FIRST_ERROR_STATUS) {
            span.fail(Integer.toString(status));
        } else {
            span.end();
        }
    }

    private boolean ended() {
        return result.future().isComplete();
    }

    private void startTimer() {
        timer = vertx.setTimer(Math.max(1, limits.timeout().toMillis()), t -> {
            if (limits.memory().isWaiting()) {
                startTimer();
            } else if (headSuffices()) {
                complete(true);
            } else {
                fail(Reason.TIMEOUT, "No response arrived before the timeout.", null);
            }
        });
        // Not before the timer, so that a handshake that lasts until then is a timeout.
        deadline = System.nanoTime() + limits.timeout().toNanos();
    }

    private void open(RequestTarget next) {
        target = next;
        connected = null;
        response = null;
        body = new ChunkedBytes.Builder();
        bytesRead = 0;
        target.resolve().onSuccess(this::connect).onFailure(error -> {
            if (error instanceof RejectedUrlException) {
                fail(Reason.ADDRESS_NOT_ALLOWED, "The URL " + error.getMessage() + ".", error);
            } else {
                fail(Reason.DNS_LOOKUP_FAILED, "The DNS lookup of the host failed.", error);
            }
        });
    }

    private void connect(HttpDestination httpDestination) {
        if (!ended()) {
            request.span()
                    .set(SpanAttribute.SERVER_ADDRESS, httpDestination.url().host())
                    .set(SpanAttribute.SERVER_PORT, httpDestination.url().port());
            Duration remaining = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
            client.connect(request.method(), httpDestination, request.headers(), remaining)
                    .onSuccess(this::write)
                    .onFailure(this::handleFailure);
        }
    }

    private void write(HttpClientRequest opened) {
        // The response reports failures. Without a handler Vert.x logs them as errors.
        opened.exceptionHandler(failure -> {});
        if (ended()) {
            OutboundHttpClient.abort(opened);
            return;
        }
        connected = opened;
        opened.response().onSuccess(this::receive).onFailure(this::handleFailure);
        if (request.body() == null) {
            opened.end();
        } else {
            opened.end(request.body());
        }
    }

    private void receive(HttpClientResponse head) {
        if (ended()) {
            return;
        }
        response = head;
        head.exceptionHandler(unlessReplaced(head, this::handleFailure))
                .handler(unlessReplaced(head, this::append))
                .endHandler(unlessReplaced(head, end -> complete(false)));
        if (successful()
                && (contentLength() > limits.maxBytes() || !limits.memory().isWithinLimit(contentLength()))) {
            complete(true);
        }
    }

    /** Ignores events of an aborted response after a redirect. */
    private <T> Handler<T> unlessReplaced(HttpClientResponse head, Handler<T> handler) {
        return event -> {
            if (response == head) {
                handler.handle(event);
            }
        };
    }

    private boolean successful() {
        return response.statusCode() < 300;
    }

    private boolean headSuffices() {
        return response != null && !limits.bodyRequired();
    }

    private long contentLength() {
        String length = response.getHeader(HttpHeaders.CONTENT_LENGTH);
        try {
            return length == null ? -1 : Long.parseLong(length);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private void append(Buffer part) {
        if (ended()) {
            return;
        }
        int limit = successful() ? limits.maxBytes() : Math.min(limits.maxBytes(), OutboundResponse.MAX_ERROR_BYTES);
        if (part.length() > limit - bytesRead || !limits.memory().isWithinLimit(part.length())) {
            complete(true);
            return;
        }
        bytesRead += part.length();
        if (limits.bodyRequired()) {
            limits.memory().addBytes(part.length());
            body.append(part);
            awaitMemory();
        }
    }

    /** Pauses the response while other calls hold the memory that the rest of the body needs. */
    private void awaitMemory() {
        // The decoded size of an encoded body is unknown.
        long expected = ContentCodings.of(response.headers()).isEmpty() ? contentLength() : limits.maxBytes();
        if (successful() && !paused && !limits.memory().hasCapacity(Math.max(0, expected - bytesRead))) {
            paused = true;
            HttpClientResponse waiting = response.pause();
            limits.memory().awaitCapacity(() -> {
                paused = false;
                waiting.resume();
            });
        }
    }

    /** Discards the bytes read so far and their memory. */
    private void discardBody() {
        limits.memory().addBytes(-body.length());
        body = new ChunkedBytes.Builder();
    }

    private void complete(boolean truncated) {
        if (ended()) {
            return;
        }
        HttpClientRequest answered = connected;
        if (truncated && successful()) {
            discardBody();
        }
        String location = response.getHeader(HttpHeaders.LOCATION);
        boolean redirect = response.statusCode() >= 300 && response.statusCode() < 400 && location != null;
        try {
            RequestTarget next = redirect ? target.redirect(location) : null;
            if (next == null) {
                vertx.cancelTimer(timer);
                result.complete(
                        new OutboundResponse(response.statusCode(), response.headers(), body.build(), truncated));
            } else {
                discardBody();
                open(next);
            }
        } catch (HttpCallException e) {
            fail(e.reason(), e.getMessage(), null);
        }
        // Also after the whole response: Vert.x closes the connection once the request is written, which a server may
        // prevent.
        OutboundHttpClient.abort(answered);
    }

    private void handleFailure(Throwable error) {
        if (ended()) {
            return;
        }
        if (headSuffices()) {
            complete(true);
        } else if (error instanceof SSLException || error.getCause() instanceof SSLException) {
            fail(Reason.TLS_FAILED, "The TLS connection failed.", error);
        } else if (!sent() || error instanceof ConnectException || error instanceof NoRouteToHostException) {
            fail(Reason.CONNECTION_FAILED, "The connection failed.", error);
        } else {
            fail(Reason.NO_RESPONSE, "The connection ended without a valid response.", error);
        }
    }

    private void fail(Reason reason, String message, Throwable cause) {
        if (!result.tryFail(new HttpCallException(reason, message, cause, sent())) || vertx == null) {
            return;
        }
        vertx.cancelTimer(timer);
        discardBody();
        if (connected != null) {
            OutboundHttpClient.abort(connected);
        }
    }
}
