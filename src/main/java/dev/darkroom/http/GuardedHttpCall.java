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

/** One active call. Ends once, by its response, a failure, the timeout or an abort. Confined to one event loop. */
final class GuardedHttpCall {
    private final Promise<ResponseHead> result = Promise.promise();
    private final Vertx vertx;
    private final long timer;
    private HttpClientRequest request;
    private ResponseHead responseHead;
    private int bytesRead;
    private Consumer<Throwable> onInvalidResponse = error -> {};

    GuardedHttpCall(Vertx vertx, AbortHandle handle, Duration timeout) {
        this.vertx = vertx;
        this.timer = vertx.setTimer(timeout.toMillis(), t -> onTimeout());
        handle.onAbort(() -> fail(Reason.ABORTED, "The call was aborted."));
    }

    Future<ResponseHead> result() {
        return result.future();
    }

    boolean ended() {
        return result.future().isComplete();
    }

    /** @param handler called with the reason when the response is not valid HTTP */
    void onInvalidResponse(Consumer<Throwable> handler) {
        onInvalidResponse = handler;
    }

    void send(HttpClientRequest connected, Buffer body) {
        request = connected;
        if (ended()) {
            OutboundHttpClient.abort(connected);
            return;
        }
        connected.response().onSuccess(this::receive).onFailure(this::handleFailure);
        // The response reports failures. Without a handler Vert.x logs them as errors.
        connected.exceptionHandler(failure -> {});
        connected.end(body);
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

    /** Completes the call with the response head, even when the body is incomplete. */
    private void complete() {
        if (result.tryComplete(responseHead)) {
            cleanUp();
        }
    }

    private void onTimeout() {
        if (responseHead == null) {
            fail(Reason.TIMEOUT, "No response arrived before the timeout.");
        } else {
            complete();
        }
    }

    void handleFailure(Throwable error) {
        if (responseHead != null) {
            complete();
        } else if (isTlsError(error)) {
            fail(Reason.TLS_FAILED, "The TLS connection failed.");
        } else if (OutboundHttpClient.isConnectFailure(error) || request == null) {
            fail(Reason.CONNECTION_FAILED, "The connection failed.");
        } else {
            if (error instanceof DecoderException || error instanceof IllegalArgumentException) {
                onInvalidResponse.accept(error);
            }
            fail(Reason.NO_RESPONSE, "The connection ended without a valid response.");
        }
    }

    void fail(Reason reason, String message) {
        if (result.tryFail(new HttpCallException(reason, message))) {
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
