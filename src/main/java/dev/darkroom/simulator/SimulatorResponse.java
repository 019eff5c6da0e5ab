package dev.darkroom.simulator;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A good answer that is not sent yet, and may never be. Event loop only.
 *
 * @param body makes the body, which is work, each time that it is asked
 */
record SimulatorResponse(String contentType, Supplier<Future<Buffer>> body) {
    static final String APPLICATION_JSON = "application/json";

    /** Sends it. */
    void send(SimulatorResponseWriter simulatorResponseWriter) {
        withBody(simulatorResponseWriter, made -> simulatorResponseWriter.send(200, contentType, made));
    }

    /** Makes the body and does something else with it. */
    void withBody(SimulatorResponseWriter simulatorResponseWriter, Consumer<Buffer> then) {
        body.get().onSuccess(then::accept).onFailure(simulatorResponseWriter::sendInternalError);
    }
}
