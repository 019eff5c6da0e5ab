package dev.darkroom.simulator.fault;

import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;

/** Does the work, or accepts the job in a protocol with jobs. Then sends another response, as a proxy between client and server. */
record ResponseAfterAcceptance(FixedResponse response) implements ResponseFault {

    @Override
    public String description() {
        return response.description() + " after accept";
    }

    @Override
    public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
        normalResponse.withBody(writer, body -> response.apply(writer, normalResponse));
    }
}
