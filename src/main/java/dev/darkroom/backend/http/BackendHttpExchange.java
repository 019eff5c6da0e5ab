package dev.darkroom.backend.http;

import dev.darkroom.http.OutboundHttpClient;
import dev.darkroom.image.ChunkedBytes;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;

/** One request and its response, abortable at any time. Confined to the context of its call. */
final class BackendHttpExchange {
    private final int maxBytes;
    private final MemoryReservation reservation;
    private final Promise<BackendResponse> result = Promise.promise();
    private ChunkedBytes.Builder body = new ChunkedBytes.Builder();
    private HttpClientRequest request;
    private HttpClientResponse response;
    private boolean paused;
    private boolean aborted;

    /** @param maxBytes maximum body size of a successful response in bytes */
    BackendHttpExchange(int maxBytes, MemoryReservation memoryReservation) {
        this.maxBytes = maxBytes;
        this.reservation = memoryReservation;
    }

    Future<BackendResponse> result() {
        return result.future();
    }

    /** Returns true once the request has a connection: from then on the server may have received it. */
    boolean sent() {
        return request != null;
    }

    /**
     * Sends the request.
     *
     * @param connected request with an open connection
     * @param content null for none
     */
    void send(HttpClientRequest connected, Buffer content) {
        if (aborted) {
            OutboundHttpClient.abort(connected);
            return;
        }
        request = connected;
        // The response reports failures. Without a handler Vert.x logs them as errors.
        connected.exceptionHandler(failure -> {});
        connected.response().onSuccess(this::receive).onFailure(this::fail);
        if (content == null) {
            connected.end();
        } else {
            connected.end(content);
        }
    }

    private void receive(HttpClientResponse head) {
        response = head;
        head.exceptionHandler(this::fail).handler(this::appendBody).endHandler(end -> complete());
        if (successful() && (contentLength() > maxBytes || !reservation.isWithinLimit(contentLength()))) {
            completeTruncated();
        }
    }

    private boolean successful() {
        return response.statusCode() < 300;
    }

    private long contentLength() {
        String length = response.getHeader(HttpHeaders.CONTENT_LENGTH);
        try {
            return length == null ? -1 : Long.parseLong(length);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /** Discards the bytes read so far and their memory reservation. */
    private void discardBody() {
        reservation.addBytes(-body.length());
        body = new ChunkedBytes.Builder();
    }

    /** Aborts the connection unless the response is complete. */
    void abort() {
        aborted = true;
        if (request != null) {
            OutboundHttpClient.abort(request);
        }
    }

    private void completeTruncated() {
        if (successful()) {
            discardBody();
        }
        result.tryComplete(new BackendResponse(response.statusCode(), response.headers(), body.build(), true));
        abort();
    }

    private void complete() {
        result.tryComplete(new BackendResponse(response.statusCode(), response.headers(), body.build(), false));
    }

    void fail(Throwable cause) {
        BackendCallException failure = cause instanceof BackendCallException known
                ? known
                : new BackendCallException(TransportErrorClassifier.classify(cause, sent()));
        if (result.tryFail(failure)) {
            discardBody();
        }
    }

    private void appendBody(Buffer part) {
        if (aborted) {
            return;
        }
        int limit = successful() ? maxBytes : Math.min(maxBytes, BackendResponse.MAX_ERROR_BYTES);
        if (part.length() > limit - body.length() || !reservation.isWithinLimit(part.length())) {
            completeTruncated();
        } else {
            body.append(part);
            reservation.addBytes(part.length());
            awaitMemory();
        }
    }

    /** Pauses the response while other calls hold the memory that the rest of the body needs. */
    private void awaitMemory() {
        // The decoded size of an encoded body is unknown.
        long expected = ResponseContentDecoder.isEncoded(response.headers()) ? maxBytes : contentLength();
        if (successful() && !paused && !reservation.hasCapacity(Math.max(0, expected - body.length()))) {
            paused = true;
            response.pause();
            reservation.awaitCapacity(() -> {
                paused = false;
                response.resume();
            });
        }
    }
}
