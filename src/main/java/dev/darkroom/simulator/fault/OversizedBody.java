package dev.darkroom.simulator.fault;

import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.Iterator;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Responds with success and a body of {@code bytes} bytes that contains an invalid image. Creates the body while sending it, as fast
 * as the client reads.
 *
 * @param contentLengthSent whether the response has a {@code Content-Length}; otherwise it is chunked
 * @param interval pause between parts of 64 KiB; zero for none
 */
record OversizedBody(long bytes, boolean contentLengthSent, Duration interval) implements ResponseFault {
    static final long DEFAULT_BYTES = 100L << 20;
    static final long MAX_BYTES = 100L << 30;

    private static final Buffer BODY_START = ascii("{\"data\":[{\"b64_json\":\"");
    private static final Buffer BODY_END = ascii("\"}]}");
    private static final Buffer FILLER = ascii("A".repeat(1 << 16));

    /** Leaves room for the JSON around the image. */
    static final long MIN_BYTES = 1024;

    @Override
    public String description() {
        return "oversized body";
    }

    @Override
    public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
        writer.sendParts(SimulatorResponse.APPLICATION_JSON, contentLengthSent ? bytes : null, parts(), interval);
    }

    private Iterator<Buffer> parts() {
        long imageBytes = bytes - BODY_START.length() - BODY_END.length();
        Stream<Buffer> start = Stream.of(BODY_START, FILLER.slice(0, (int) (imageBytes % FILLER.length())));
        Stream<Buffer> filler =
                LongStream.range(0, imageBytes / FILLER.length()).mapToObj(part -> FILLER);
        return Stream.of(start, filler, Collections.singleton(BODY_END).stream())
                .flatMap(part -> part)
                .filter(part -> part.length() > 0)
                .iterator();
    }

    private static Buffer ascii(String text) {
        return Buffer.buffer(text.getBytes(StandardCharsets.US_ASCII));
    }
}
