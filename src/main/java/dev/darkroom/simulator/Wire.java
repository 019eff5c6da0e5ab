package dev.darkroom.simulator;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request's connection, and everything an answer can do to it. What is done after the client has gone does nothing.
 * Event loop only.
 */
final class Wire {
    private static final Logger LOG = LoggerFactory.getLogger(Wire.class);

    private final HttpServerRequest request;
    private boolean done;

    Wire(HttpServerRequest request) {
        this.request = request;
    }

    /** Runs {@code handler} if the client closes the connection before it was answered. */
    void onAbandoned(Runnable handler) {
        request.response().closeHandler(closed -> {
            if (!done) {
                done = true;
                handler.run();
            }
        });
    }

    /** @param value the header's value, null for none */
    void retryAfter(String value) {
        if (value != null) {
            response().putHeader("Retry-After", value);
        }
    }

    void json(int status, JsonObject body) {
        send(status, "application/json", body.toBuffer());
    }

    /** Answers with whatever the caller calls it. */
    void send(int status, String contentType, Buffer body) {
        if (isOpen()) {
            response().setStatusCode(status).putHeader("Content-Type", contentType);
            finish(body);
        }
    }

    /** Answers with a status and nothing else. */
    void send(int status) {
        if (isOpen()) {
            response().setStatusCode(status);
            finish(Buffer.buffer());
        }
    }

    /** Answers that the simulator itself failed, which no script asked for. */
    void broken(Throwable cause) {
        if (isOpen()) {
            LOG.atError().setCause(cause).log("simulator failed");
            json(500, ApiError.of(500, "The simulator itself failed."));
        }
    }

    /** Closes the connection without a word. */
    void drop() {
        if (isOpen()) {
            done = true;
            request.connection().close();
        }
    }

    private boolean isOpen() {
        return !done && !response().ended() && !response().closed();
    }

    private void finish(Buffer body) {
        // Answered only once the last byte is out: a client that leaves in the middle has left before.
        response().end(body).onSuccess(sent -> done = true);
    }

    private HttpServerResponse response() {
        return request.response();
    }
}
