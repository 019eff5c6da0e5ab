package dev.darkroom.simulator.fault;

import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import java.util.function.BiConsumer;

/** A fault without a complete response. */
record ConnectionFault(String description, BiConsumer<SimulatorResponseWriter, SimulatorResponse> action)
        implements ResponseFault {
    /** Closes the connection after reading the whole request, without doing the work. */
    static final ConnectionFault DROP = new ConnectionFault("drop", (writer, response) -> writer.closeConnection());

    /** Does the work, or accepts the job in a protocol with jobs. Then closes the connection without a response. */
    static final ConnectionFault DROP_ACCEPTED = new ConnectionFault(
            "drop after accept", (writer, response) -> response.withBody(writer, body -> writer.closeConnection()));

    /** Reads the request and never responds. */
    static final ConnectionFault HANG = new ConnectionFault("hang", (writer, response) -> {});

    /** Sends half of the normal response and closes the connection. */
    static final ConnectionFault TRUNCATED = new ConnectionFault(
            "truncated",
            (writer, response) -> response.withBody(writer, body -> writer.sendHalf(response.contentType(), body)));

    /** Redirects to the URL of the request. */
    static final ConnectionFault REDIRECT_LOOP =
            new ConnectionFault("redirect to itself", (writer, response) -> writer.redirectToItself());

    @Override
    public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
        action.accept(writer, normalResponse);
    }
}
