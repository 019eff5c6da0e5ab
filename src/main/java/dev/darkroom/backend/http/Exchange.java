package dev.darkroom.backend.http;

import dev.darkroom.image.Blocks;
import io.netty.channel.MaxMessagesRecvByteBufAllocator;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.impl.HttpClientConnectionInternal;
import io.vertx.ext.web.codec.BodyCodec;
import io.vertx.ext.web.codec.spi.BodyStream;

/**
 * One request and its answer on the way. It is handed to the web client as the codec of the answer, which makes it
 * known to {@link HttpCaller}'s interceptor too: so the two meet without a header or a map, and the request can be
 * broken off at any time, for which the web client itself has no means. Confined to the context of its call.
 */
final class Exchange implements BodyCodec<Buffer>, BodyStream<Buffer> {
    private final int maxBytes;
    private final Holding holding;
    private final Promise<Answer> answer = Promise.promise();
    private final Promise<Buffer> whole = Promise.promise();
    private Blocks.Builder body = new Blocks.Builder();
    private HttpClientRequest request;
    private HttpClientResponse response;
    private Handler<Void> drainHandler;
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

    boolean brokenOff() {
        return brokenOff;
    }

    void sending(HttpClientRequest clientRequest) {
        request = clientRequest;
        // Without a handler of ours Vert.x logs, with a stack trace, what a server sent that is no HTTP. Here it is
        // known by the request's own failure.
        clientRequest.connection().exceptionHandler(failure -> {});
        clientRequest.exceptionHandler(failure -> {});
        readInSmallSteps(clientRequest.connection());
    }

    /**
     * Whether to read on is asked after each step only, and Netty's own, of sixteen reads, may bring a megabyte outside the
     * heap that has to lie there for as long as this exchange waits for room.
     */
    private static void readInSmallSteps(HttpConnection connection) {
        if (connection instanceof HttpClientConnectionInternal client
                && client.channelHandlerContext().channel().config().getRecvByteBufAllocator()
                        instanceof MaxMessagesRecvByteBufAllocator reading) {
            reading.maxMessagesPerRead(1);
        }
    }

    void receiving(HttpClientResponse clientResponse) {
        response = clientResponse;
        if (successful() && (announced() > maxBytes || !holding.mayTake(announced()))) {
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

    /** Forgets what was read. */
    private void drop() {
        holding.take(-body.length());
        body = new Blocks.Builder();
    }

    /** Resets the request, which closes its connection unless the answer has already come in full. */
    void breakOff() {
        brokenOff = true;
        if (request != null) {
            request.reset();
        }
    }

    private void cutOff() {
        if (successful()) {
            drop();
        }
        answer.tryComplete(new Answer(response.statusCode(), response.headers(), body.build(), true));
        breakOff();
    }

    void finished() {
        answer.tryComplete(new Answer(response.statusCode(), response.headers(), body.build(), false));
    }

    void failed(CallFailedException failure) {
        if (answer.tryFail(failure)) {
            drop();
        }
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
        int limit = successful() ? maxBytes : Math.min(maxBytes, Answer.MAX_ERROR_BYTES);
        if (part.length() > limit - body.length() || !holding.mayTake(part.length())) {
            cutOff();
        } else {
            body.append(part);
            holding.take(part.length());
            waitForRoom();
        }
        return Future.succeededFuture();
    }

    /** Lets the server wait, by reading no further, while other calls hold what may be held. */
    private void waitForRoom() {
        if (successful() && !waiting && !holding.hasRoom(Math.max(0, announced() - body.length()))) {
            waiting = true;
            holding.awaitRoom(() -> {
                waiting = false;
                if (drainHandler != null) {
                    drainHandler.handle(null);
                }
            });
        }
    }

    @Override
    public Future<Void> end() {
        whole.tryComplete(null);
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
        return waiting;
    }

    @Override
    public Exchange setWriteQueueMaxSize(int maxSize) {
        return this;
    }

    @Override
    public Exchange drainHandler(Handler<Void> handler) {
        drainHandler = handler;
        return this;
    }

    @Override
    public Exchange exceptionHandler(Handler<Throwable> handler) {
        return this;
    }
}
