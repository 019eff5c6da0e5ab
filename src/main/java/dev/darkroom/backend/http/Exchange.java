package dev.darkroom.backend.http;

import dev.darkroom.egress.OutboundClient;
import dev.darkroom.image.Blocks;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;

/** One request and its answer on the way. It can be broken off at any time. Confined to the context of its call. */
final class Exchange {
    private final int maxBytes;
    private final Holding holding;
    private final Promise<Answer> answer = Promise.promise();
    private Blocks.Builder body = new Blocks.Builder();
    private HttpClientRequest request;
    private HttpClientResponse response;
    private boolean waiting;
    private boolean brokenOff;

    /** @param maxBytes the largest body of a successful answer that is read */
    Exchange(int maxBytes, Holding holding) {
        this.maxBytes = maxBytes;
        this.holding = holding;
    }

    Future<Answer> answer() {
        return answer.future();
    }

    /** True once there was a connection to send the request on: from then on nobody knows what the server has seen. */
    boolean sent() {
        return request != null;
    }

    /** @param content null for none */
    void send(HttpClientRequest connected, Buffer content) {
        if (brokenOff) {
            OutboundClient.abort(connected);
            return;
        }
        request = connected;
        // The response reports failures. Without a handler Vert.x logs them as errors.
        connected.exceptionHandler(failure -> {});
        connected.response().onSuccess(this::receive).onFailure(this::failed);
        if (content == null) {
            connected.end();
        } else {
            connected.end(content);
        }
    }

    private void receive(HttpClientResponse head) {
        response = head;
        head.exceptionHandler(this::failed).handler(this::read).endHandler(end -> finished());
        if (successful() && (announced() > maxBytes || !holding.mayTake(announced()))) {
            cutOff();
        }
    }

    private boolean successful() {
        return response.statusCode() < 300;
    }

    private long announced() {
        String length = response.getHeader(HttpHeaders.CONTENT_LENGTH);
        try {
            return length == null ? -1 : Long.parseLong(length);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /** Forgets what was read. */
    private void drop() {
        holding.take(-body.length());
        body = new Blocks.Builder();
    }

    /** Aborts the connection unless the answer has already come in full. */
    void breakOff() {
        brokenOff = true;
        if (request != null) {
            OutboundClient.abort(request);
        }
    }

    private void cutOff() {
        if (successful()) {
            drop();
        }
        answer.tryComplete(new Answer(response.statusCode(), response.headers(), body.build(), true));
        breakOff();
    }

    private void finished() {
        answer.tryComplete(new Answer(response.statusCode(), response.headers(), body.build(), false));
    }

    void failed(Throwable cause) {
        CallFailedException failure = cause instanceof CallFailedException known
                ? known
                : new CallFailedException(TransportFailure.of(cause, sent()));
        if (answer.tryFail(failure)) {
            drop();
        }
    }

    private void read(Buffer part) {
        if (brokenOff) {
            return;
        }
        int limit = successful() ? maxBytes : Math.min(maxBytes, Answer.MAX_ERROR_BYTES);
        if (part.length() > limit - body.length() || !holding.mayTake(part.length())) {
            cutOff();
        } else {
            body.append(part);
            holding.take(part.length());
            waitForRoom();
        }
    }

    /** Lets the server wait, by reading no further, while other calls hold what may be held. */
    private void waitForRoom() {
        // Nobody knows how large a coded body is before it is decoded.
        long expected = ContentCoding.coded(response.headers()) ? maxBytes : announced();
        if (successful() && !waiting && !holding.hasRoom(Math.max(0, expected - body.length()))) {
            waiting = true;
            response.pause();
            holding.awaitRoom(() -> {
                waiting = false;
                response.resume();
            });
        }
    }
}
