package dev.darkroom.egress;

import dev.darkroom.egress.CallFailedException.Why;
import dev.darkroom.egress.Courier.Answer;
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
final class Delivery {
    private final Promise<Answer> answer = Promise.promise();
    private final Vertx vertx;
    private final long timer;
    private HttpClientRequest request;
    private Answer head;
    private int read;
    private Consumer<Throwable> onRefused = error -> {};

    Delivery(Vertx vertx, CallHandle handle, Duration patience) {
        this.vertx = vertx;
        this.timer = vertx.setTimer(patience.toMillis(), t -> tooLate());
        handle.onAbort(() -> fail(Why.ABORTED, "The call was broken off."));
    }

    Future<Answer> answer() {
        return answer.future();
    }

    boolean over() {
        return answer.future().isComplete();
    }

    /** @param handler gets the reason when an answer comes that is no valid HTTP */
    void onRefused(Consumer<Throwable> handler) {
        onRefused = handler;
    }

    void send(HttpClientRequest made, Buffer body) {
        request = made;
        if (over()) {
            OutboundClient.abort(made);
            return;
        }
        made.response().onSuccess(this::receive).onFailure(this::failed);
        // What goes wrong here goes wrong with the answer too.
        made.exceptionHandler(failure -> {});
        made.end(body);
    }

    private void receive(HttpClientResponse response) {
        head = new Answer(response.statusCode(), response.headers());
        response.exceptionHandler(error -> done())
                .handler(part -> {
                    read += part.length();
                    if (read > Courier.MOST_BYTES) {
                        done();
                    }
                })
                .endHandler(end -> done());
    }

    /** The head is what counts, whatever becomes of the rest. */
    private void done() {
        if (answer.tryComplete(head)) {
            end();
        }
    }

    private void tooLate() {
        if (head == null) {
            fail(Why.TIMEOUT, "No answer came in time.");
        } else {
            done();
        }
    }

    void failed(Throwable error) {
        if (head != null) {
            done();
        } else if (tls(error)) {
            fail(Why.TLS_FAILED, "No secure connection could be made.");
        } else if (OutboundClient.couldNotConnect(error) || request == null) {
            fail(Why.CONNECTION_FAILED, "No connection could be made.");
        } else {
            if (error instanceof DecoderException || error instanceof IllegalArgumentException) {
                onRefused.accept(error);
            }
            fail(Why.NO_ANSWER, "The connection ended without an answer.");
        }
    }

    void fail(Why why, String message) {
        if (answer.tryFail(new CallFailedException(why, message))) {
            end();
        }
    }

    private void end() {
        vertx.cancelTimer(timer);
        if (request != null) {
            OutboundClient.abort(request);
        }
    }

    private static boolean tls(Throwable error) {
        return error instanceof SSLException || error.getCause() instanceof SSLException;
    }
}
