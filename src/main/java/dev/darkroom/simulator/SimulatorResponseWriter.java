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
final class SimulatorResponseWriter {
    private static final Logger LOG = LoggerFactory.getLogger(SimulatorResponseWriter.class);

    private final Vertx vertx;
    private final HttpServerRequest request;
    private boolean finished;

    SimulatorResponseWriter(RoutingContext context) {
        this.vertx = context.vertx();
        this.request = context.request();
    }

    /** Runs {@code handler} if the client closes the connection before it was answered. */
    void onClientClose(Runnable handler) {
        request.response().closeHandler(closed -> {
            if (!finished) {
                finished = true;
                handler.run();
            }
        });
    }

    /** @param value the header's value, null for none */
    void setRetryAfter(String value) {
        if (value != null) {
            response().putHeader("Retry-After", value);
        }
    }

    void sendJson(int status, JsonObject body) {
        send(status, SimulatorResponse.APPLICATION_JSON, body.toBuffer());
    }

    /** Answers with whatever the caller calls it. */
    void send(int status, String contentType, Buffer body) {
        if (isOpen()) {
            response().setStatusCode(status).putHeader("Content-Type", contentType);
            endResponse(body);
        }
    }

    /** Answers with a status and nothing else. */
    void send(int status) {
        if (isOpen()) {
            response().setStatusCode(status);
            endResponse(Buffer.buffer());
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
    void sendHalf(String contentType, Buffer body) {
        if (isOpen()) {
            response().putHeader("Content-Type", contentType).putHeader("Content-Length", "" + body.length());
            response().write(body.slice(0, body.length() / 2)).onSuccess(sent -> closeConnection());
        }
    }

    /**
     * Sends a body part by part, each only when the client has taken those before it.
     *
     * @param length of all parts; null to tell no length
     * @param interval between parts, zero for none
     */
    void sendParts(String contentType, Long length, Iterator<Buffer> parts, Duration interval) {
        if (isOpen()) {
            response().putHeader("Content-Type", contentType).setChunked(length == null);
            if (length != null) {
                response().putHeader("Content-Length", length.toString());
            }
            sendNextParts(parts, interval);
        }
    }

    private void sendNextParts(Iterator<Buffer> parts, Duration interval) {
        while (isOpen()) {
            Buffer part = parts.next();
            if (!parts.hasNext()) {
                endResponse(part);
            } else {
                response().write(part);
                if (response().writeQueueFull()) {
                    response().drainHandler(drained -> sendNextParts(parts, interval));
                    return;
                }
                if (!interval.isZero()) {
                    vertx.setTimer(interval.toMillis(), fired -> sendNextParts(parts, interval));
                    return;
                }
            }
        }
    }

    /** Answers that the simulator itself failed, which no script asked for. */
    void sendInternalError(Throwable cause) {
        if (isOpen()) {
            LOG.atError().setCause(cause).log("simulator failed");
            sendJson(500, SimulatorErrorBody.create(500, "The simulator itself failed."));
        }
    }

    /** Closes the connection without a word. */
    void closeConnection() {
        if (isOpen()) {
            finished = true;
            request.connection().close();
        }
    }

    private boolean isOpen() {
        return !finished && !response().ended() && !response().closed();
    }

    private void endResponse(Buffer body) {
        // Answered only once the last byte is out: a client that leaves in the middle has left before.
        response().end(body).onSuccess(sent -> finished = true);
    }

    private HttpServerResponse response() {
        return request.response();
    }
}
