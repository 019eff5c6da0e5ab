package dev.darkroom.backend.http;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.codec.BodyCodec;
import io.vertx.ext.web.codec.spi.BodyStream;

/**
 * One request and its answer on the way. It is handed to the web client as the codec of the answer, which makes it
 * known to {@link HttpCaller}'s interceptor too: so the two meet without a header or a map, and the request can be
 * broken off at any time, for which the web client itself has no means. Confined to the context of its call.
 */
final class Exchange implements BodyCodec<Buffer>, BodyStream<Buffer> {
    /** An error needs no more room than this to explain itself. */
    private static final int MAX_ERROR_BYTES = 64 * 1024;

    private final int maxBytes;
    private final Promise<Answer> answer = Promise.promise();
    private final Promise<Buffer> whole = Promise.promise();
    private final Buffer body = Buffer.buffer();
    private HttpClientRequest request;
    private HttpClientResponse response;
    private boolean brokenOff;

    Exchange(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    Future<Answer> answer() {
        return answer.future();
    }

    /** True once there was a connection to send the request on: from then on nobody knows what the server has seen. */
    boolean sent() {
        return request != null;
    }

    boolean brokenOff() {
        return brokenOff;
    }

    void sending(HttpClientRequest clientRequest) {
        request = clientRequest;
        // Without a handler of ours Vert.x logs, with a stack trace, what a server sent that is no HTTP. Here it is
        // known by the request's own failure.
        clientRequest.connection().exceptionHandler(failure -> {});
        clientRequest.exceptionHandler(failure -> {});
    }

    void receiving(HttpClientResponse clientResponse) {
        response = clientResponse;
        if (successful() && announced() > maxBytes) {
            clientResponse.exceptionHandler(failure -> {}); // the one that cutting off brings about
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

    /** Resets the request, which closes its connection unless the answer has already come in full. */
    void breakOff() {
        brokenOff = true;
        if (request != null) {
            request.reset();
        }
    }

    private void cutOff() {
        answer.tryComplete(new Answer(response.statusCode(), response.headers(), body, true));
        breakOff();
    }

    void finished() {
        answer.tryComplete(new Answer(response.statusCode(), response.headers(), body, false));
    }

    void failed(CallFailedException failure) {
        answer.tryFail(failure);
    }

    @Override
    public BodyStream<Buffer> stream() {
        return this;
    }

    @Override
    public Future<Void> write(Buffer part) {
        if (brokenOff) {
            return Future.succeededFuture();
        }
        int limit = successful() ? maxBytes : Math.min(maxBytes, MAX_ERROR_BYTES);
        if (part.length() > limit - body.length()) {
            cutOff();
        } else {
            body.appendBuffer(part);
        }
        return Future.succeededFuture();
    }

    @Override
    public Future<Void> end() {
        whole.tryComplete(body);
        return Future.succeededFuture();
    }

    @Override
    public void handle(Throwable failure) {
        whole.tryFail(failure);
    }

    @Override
    public Future<Buffer> result() {
        return whole.future();
    }

    @Override
    public boolean writeQueueFull() {
        return false;
    }

    @Override
    public Exchange setWriteQueueMaxSize(int maxSize) {
        return this;
    }

    @Override
    public Exchange drainHandler(Handler<Void> handler) {
        return this;
    }

    @Override
    public Exchange exceptionHandler(Handler<Throwable> handler) {
        return this;
    }
}
