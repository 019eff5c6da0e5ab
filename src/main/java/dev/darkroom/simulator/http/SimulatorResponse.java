package dev.darkroom.simulator.http;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A response without a fault, created but not sent. Used on one event loop.
 *
 * @param body creates the body; costs rendering time with each call
 */
public record SimulatorResponse(String contentType, Supplier<Future<Buffer>> body) {
    public static final String APPLICATION_JSON = "application/json";

    /** Creates the body and sends the response. */
    public void send(SimulatorResponseWriter writer) {
        withBody(writer, created -> writer.send(200, contentType, created));
    }

    /** Creates the body and passes it to {@code handler}. Sends an internal error if that fails. */
    public void withBody(SimulatorResponseWriter writer, Consumer<Buffer> handler) {
        body.get().onSuccess(handler::accept).onFailure(writer::sendInternalError);
    }
}
