package dev.darkroom.simulator.fault;

import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.Iterator;
import java.util.stream.IntStream;

/**
 * Sends the normal response byte by byte.
 *
 * @param interval pause between two bytes
 */
record SlowBody(Duration interval) implements ResponseFault {
    static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(1);

    @Override
    public String description() {
        return "slow body";
    }

    @Override
    public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
        normalResponse.withBody(writer, body -> {
            Iterator<Buffer> bytes = IntStream.range(0, body.length())
                    .mapToObj(index -> body.slice(index, index + 1))
                    .iterator();
            writer.sendParts(normalResponse.contentType(), (long) body.length(), bytes, interval);
        });
    }
}
