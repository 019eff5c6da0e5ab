package dev.darkroom.simulator.fault;

import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import java.util.function.BiConsumer;

/** A fault without a complete response. */
enum ConnectionFault implements ResponseFault {
    /** Closes the connection after reading the whole request. */
    DROP("drop", (writer, normalResponse) -> writer.closeConnection()),
    /** Accepts the request and never responds. */
    HANG("hang", (writer, normalResponse) -> {}),
    /** Sends half of the normal response and closes the connection. */
    TRUNCATED(
            "truncated",
            (writer, normalResponse) ->
                    normalResponse.withBody(writer, body -> writer.sendHalf(normalResponse.contentType(), body))),
    /** Redirects to the URL of the request. */
    REDIRECT_LOOP("redirect to itself", (writer, normalResponse) -> writer.redirectToItself());

    private final String description;
    private final BiConsumer<SimulatorResponseWriter, SimulatorResponse> action;

    ConnectionFault(String description, BiConsumer<SimulatorResponseWriter, SimulatorResponse> action) {
        this.description = description;
        this.action = action;
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
        action.accept(writer, normalResponse);
    }
}
