package dev.darkroom.simulator.http;

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
 * Writes the response of one request, or closes its connection. Every method does nothing after the client has closed the connection.
 * Used on one event loop.
 */
public final class SimulatorResponseWriter {
    private static final Logger LOG = LoggerFactory.getLogger(SimulatorResponseWriter.class);

    private final Vertx vertx;
    private final HttpServerRequest request;
    private boolean finished;

    /** @param context a request that has no response yet */
    public SimulatorResponseWriter(RoutingContext context) {
        this.vertx = context.vertx();
        this.request = context.request();
    }

    /**
     * Runs {@code response} after a delay, or immediately when it is below 1 ms. Runs {@code onClientClose} instead if the client closes
     * the connection before, and also if it does so before the response is complete.
     */
    public void respondAfter(Duration delay, Runnable onClientClose, Runnable response) {
        if (delay.toMillis() < 1) {
            onClientClose(onClientClose);
            response.run();
            return;
        }
        long timer = vertx.setTimer(delay.toMillis(), fired -> response.run());
        onClientClose(() -> {
            vertx.cancelTimer(timer);
            onClientClose.run();
        });
    }

    private void onClientClose(Runnable handler) {
        request.response().closeHandler(closed -> {
            if (!finished) {
                finished = true;
                handler.run();
            }
        });
    }

    /** Sets a header of the response. */
    public void setHeader(String name, String value) {
        response().putHeader(name, value);
    }

    /** Sends a JSON response. */
    public void sendJson(int status, JsonObject body) {
        send(status, SimulatorResponse.APPLICATION_JSON, body.toBuffer());
    }

    /** @param contentType null for a response without a body */
    public void send(int status, String contentType, Buffer body) {
        if (isOpen()) {
            if (contentType != null) {
                response().putHeader("Content-Type", contentType);
            }
            response().setStatusCode(status);
            endResponse(body);
        }
    }

    /** Redirects the client to the URL of its request. */
    public void redirectToItself() {
        if (isOpen()) {
            response().putHeader("Location", request.absoluteURI());
            send(302, null, Buffer.buffer());
        }
    }

    /** Sends the {@code Content-Length} of the whole body and its first half, then closes the connection. */
    public void sendHalf(String contentType, Buffer body) {
        if (isOpen()) {
            response().putHeader("Content-Type", contentType).putHeader("Content-Length", "" + body.length());
            response().write(body.slice(0, body.length() / 2)).onSuccess(sent -> closeConnection());
        }
    }

    /**
     * Sends a body in parts, with backpressure.
     *
     * @param length total length; null for chunked encoding
     * @param interval pause between parts, zero for none
     */
    public void sendParts(String contentType, Long length, Iterator<Buffer> parts, Duration interval) {
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

    /** Sends the default error of a status. */
    public void sendError(int status, String message) {
        sendJson(status, SimulatorErrorBody.create(status, message));
    }

    /**
     * Sends the error of a request that could not be read. Sends nothing when {@code cause} is no {@link SimulatorRequestException}: the
     * client has closed the connection before its body was complete.
     */
    public void sendRequestError(Throwable cause) {
        if (cause instanceof SimulatorRequestException e) {
            sendJson(e.status(), SimulatorErrorBody.create(e.getMessage(), "invalid_request_error", e.param(), null));
        }
    }

    /** Sends status 500 for a bug of the simulator, as opposed to a scripted fault. */
    public void sendInternalError(Throwable cause) {
        if (isOpen()) {
            LOG.atError().setCause(cause).log("simulator request failed");
            sendError(500, "The simulator itself failed.");
        }
    }

    /** Closes the connection without a response. */
    public void closeConnection() {
        if (isOpen()) {
            finished = true;
            request.connection().close();
        }
    }

    private boolean isOpen() {
        return !finished && !response().ended() && !response().closed();
    }

    private void endResponse(Buffer body) {
        // Finished only when the last byte was written: a client that closes before then is recorded as closed.
        response().end(body).onSuccess(sent -> finished = true);
    }

    private HttpServerResponse response() {
        return request.response();
    }
}
