package dev.darkroom.simulator.http;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A response without a fault, created but not sent. Used on one event loop.
 *
 * @param body creates the body; costs rendering time with each call. In a protocol with jobs, it accepts the job
 */
public record SimulatorResponse(int status, String contentType, Supplier<Future<Buffer>> body) {
    public static final String APPLICATION_JSON = "application/json";

    /** Creates a response with status 200. */
    public SimulatorResponse(String contentType, Supplier<Future<Buffer>> body) {
        this(200, contentType, body);
    }

    /** Creates a JSON response. */
    public static SimulatorResponse json(int status, Supplier<Future<JsonObject>> body) {
        return new SimulatorResponse(status, APPLICATION_JSON, () -> body.get().map(JsonObject::toBuffer));
    }

    /** Creates the body and sends the response. */
    public void send(SimulatorResponseWriter writer) {
        withBody(writer, created -> writer.send(status, contentType, created));
    }

    /** Creates the body and passes it to {@code handler}. Sends an internal error if that fails. */
    public void withBody(SimulatorResponseWriter writer, Consumer<Buffer> handler) {
        body.get().onSuccess(handler::accept).onFailure(writer::sendInternalError);
    }
}
