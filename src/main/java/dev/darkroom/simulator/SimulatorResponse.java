package dev.darkroom.simulator;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A response without a fault, created but not sent. Used on one event loop.
 *
 * @param body creates the body; costs rendering time with each call
 */
record SimulatorResponse(String contentType, Supplier<Future<Buffer>> body) {
    static final String APPLICATION_JSON = "application/json";

    /** Creates the body and sends the response. */
    void send(SimulatorResponseWriter writer) {
        withBody(writer, created -> writer.send(200, contentType, created));
    }

    /** Creates the body and passes it to {@code handler}. Sends an internal error if that fails. */
    void withBody(SimulatorResponseWriter writer, Consumer<Buffer> handler) {
        body.get().onSuccess(handler::accept).onFailure(writer::sendInternalError);
    }
}
