package dev.darkroom.simulator.fault;

import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;

/** A fault of the connection or of the response. Can also be applied to the download of an image. Immutable. */
public interface ResponseFault extends Fault {

    /** @param normalResponse the response without a fault, created only when it is used */
    void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse);

    @Override
    default void apply(ImageResponses responses) {
        apply(responses.writer(), responses.images(responses.requestedCount()));
    }
}
