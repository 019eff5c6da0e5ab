package dev.darkroom.http;

import dev.darkroom.http.GuardedHttpClient.ResponseHead;
import dev.darkroom.http.HttpCallException.Reason;
import io.netty.handler.codec.DecoderException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import java.time.Duration;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;

/** One call on its way: ends once, by its answer, by a failure, by the clock or by whoever breaks it off. */
final class GuardedHttpCall {
    private final Promise<ResponseHead> result = Promise.promise();
    private final Vertx vertx;
    private final long timer;
    private HttpClientRequest request;
    private ResponseHead responseHead;
    private int bytesRead;
    private Consumer<Throwable> onInvalidResponse = error -> {};

    GuardedHttpCall(Vertx vertx, AbortHandle handle, Duration patience) {
        this.vertx = vertx;
        this.timer = vertx.setTimer(patience.toMillis(), t -> onTimeout());
        handle.onAbort(() -> fail(Reason.ABORTED, "The call was broken off."));
    }

    Future<ResponseHead> result() {
        return result.future();
    }

    boolean ended() {
        return result.future().isComplete();
    }

    /** @param handler gets the reason when an answer comes that is no valid HTTP */
    void onInvalidResponse(Consumer<Throwable> handler) {
        onInvalidResponse = handler;
    }

    void send(HttpClientRequest made, Buffer body) {
        request = made;
        if (ended()) {
            OutboundHttpClient.abort(made);
            return;
        }
        made.response().onSuccess(this::receive).onFailure(this::handleFailure);
        // What goes wrong here goes wrong with the answer too.
        made.exceptionHandler(failure -> {});
        made.end(body);
    }

    private void receive(HttpClientResponse response) {
        responseHead = new ResponseHead(response.statusCode(), response.headers());
        response.exceptionHandler(error -> complete())
                .handler(part -> {
                    bytesRead += part.length();
                    if (bytesRead > GuardedHttpClient.MAX_RESPONSE_BYTES) {
                        complete();
                    }
                })
                .endHandler(end -> complete());
    }

    /** The head is what counts, whatever becomes of the rest. */
    private void complete() {
        if (result.tryComplete(responseHead)) {
            cleanUp();
        }
    }

    private void onTimeout() {
        if (responseHead == null) {
            fail(Reason.TIMEOUT, "No answer came in time.");
        } else {
            complete();
        }
    }

    void handleFailure(Throwable error) {
        if (responseHead != null) {
            complete();
        } else if (isTlsError(error)) {
            fail(Reason.TLS_FAILED, "No secure connection could be made.");
        } else if (OutboundHttpClient.isConnectFailure(error) || request == null) {
            fail(Reason.CONNECTION_FAILED, "No connection could be made.");
        } else {
            if (error instanceof DecoderException || error instanceof IllegalArgumentException) {
                onInvalidResponse.accept(error);
            }
            fail(Reason.NO_ANSWER, "The connection ended without an answer.");
        }
    }

    void fail(Reason why, String message) {
        if (result.tryFail(new HttpCallException(why, message))) {
            cleanUp();
        }
    }

    private void cleanUp() {
        vertx.cancelTimer(timer);
        if (request != null) {
            OutboundHttpClient.abort(request);
        }
    }

    private static boolean isTlsError(Throwable error) {
        return error instanceof SSLException || error.getCause() instanceof SSLException;
    }
}
