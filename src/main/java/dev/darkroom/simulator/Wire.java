package dev.darkroom.simulator;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Iterator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request's connection, and everything an answer can do to it. What is done after the client has gone does nothing.
 * Event loop only.
 */
final class Wire {
    private static final Logger LOG = LoggerFactory.getLogger(Wire.class);

    private final Vertx vertx;
    private final HttpServerRequest request;
    private boolean done;

    Wire(RoutingContext context) {
        this.vertx = context.vertx();
        this.request = context.request();
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
        send(status, Answer.JSON, body.toBuffer());
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

    /** Sends the client back to where it already is. */
    void redirectToItself() {
        if (isOpen()) {
            response().putHeader("Location", request.absoluteURI());
            send(302);
        }
    }

    /** Announces the whole body, sends the first half and closes the connection. */
    void half(String contentType, Buffer body) {
        if (isOpen()) {
            response().putHeader("Content-Type", contentType).putHeader("Content-Length", "" + body.length());
            response().write(body.slice(0, body.length() / 2)).onSuccess(sent -> drop());
        }
    }

    /**
     * Sends a body part by part, each only when the client has taken those before it.
     *
     * @param length of all parts; null to tell no length
     * @param interval between parts, zero for none
     */
    void stream(String contentType, Long length, Iterator<Buffer> parts, Duration interval) {
        if (isOpen()) {
            response().putHeader("Content-Type", contentType).setChunked(length == null);
            if (length != null) {
                response().putHeader("Content-Length", length.toString());
            }
            next(parts, interval);
        }
    }

    private void next(Iterator<Buffer> parts, Duration interval) {
        while (isOpen()) {
            Buffer part = parts.next();
            if (!parts.hasNext()) {
                finish(part);
            } else {
                response().write(part);
                if (response().writeQueueFull()) {
                    response().drainHandler(drained -> next(parts, interval));
                    return;
                }
                if (!interval.isZero()) {
                    vertx.setTimer(interval.toMillis(), fired -> next(parts, interval));
                    return;
                }
            }
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
