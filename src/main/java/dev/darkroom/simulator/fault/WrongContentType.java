package dev.darkroom.simulator.fault;

import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;

/** Sends the normal response with another content type. */
record WrongContentType(String contentType) implements ResponseFault {
    @Override
    public String description() {
        return "content type " + contentType;
    }

    @Override
    public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
        normalResponse.withBody(writer, body -> writer.send(normalResponse.status(), contentType, body));
    }
}
