package dev.darkroom.benchmark;

import dev.darkroom.testing.SseLoadClient;
import java.io.IOException;
import java.time.Duration;
import java.util.function.IntFunction;

/** Measures the memory of idle streams, which receive heartbeats only. */
final class IdleStreamBenchmark {
    /** Streams that connect and close before the measurement, so that initialization is not counted. */
    private static final int WARM_UP = 500;

    private static final int WARM_UP_CONNECTIONS_PER_SECOND = 250;
    private static final int CONNECTIONS_PER_SECOND = 2_000;
    /** Long enough for heartbeats on all streams. */
    private static final Duration SETTLE_TIME = Duration.ofSeconds(32);

    private static final Duration PAUSE = Duration.ofSeconds(3);

    private IdleStreamBenchmark() {}

    /**
     * Bytes per stream.
     *
     * @param resident resident memory of the process or its process tree
     * @param live heap after a full collection plus direct buffers; 0 for a server not written in Java
     */
    record MemoryPerStream(double resident, double live) {}

    /**
     * Measures the memory of a Darkroom process with streams minus its memory without.
     *
     * @param headers authorization header line of each client
     */
    static MemoryPerStream measure(BenchmarkNode node, IntFunction<String> headers, int streams) throws Exception {
        StreamBenchmarkClients.Request request =
                (client, lastId) -> SseLoadClient.request(BenchmarkNode.STREAM, headers.apply(client));
        try (StreamBenchmarkClients first = StreamBenchmarkClients.forDarkroom(WARM_UP, request)) {
            first.open(node.port(), WARM_UP_CONNECTIONS_PER_SECOND);
        }
        Thread.sleep(PAUSE.toMillis());
        long liveBefore = node.process().memoryBytes();
        long before = ProcessMemory.residentBytes(node.process().handle());
        try (StreamBenchmarkClients clients = StreamBenchmarkClients.forDarkroom(streams, request)) {
            clients.open(node.port(), CONNECTIONS_PER_SECOND);
            Thread.sleep(SETTLE_TIME.toMillis());
            long live = node.process().memoryBytes() - liveBefore;
            long resident = ProcessMemory.residentBytes(node.process().handle()) - before;
            return new MemoryPerStream(resident / (double) streams, live / (double) streams);
        }
    }

    /** Measures another server, with as many streams per channel as Darkroom has per user. */
    static MemoryPerStream measure(StreamingPeer peer, int channels, int streams)
            throws IOException, InterruptedException {
        IntFunction<String> channel = client -> "user-" + client * channels / streams;
        try (StreamBenchmarkClients first = StreamBenchmarkClients.forPeer(peer, WARM_UP, channel)) {
            first.open(peer.port(), WARM_UP_CONNECTIONS_PER_SECOND);
        }
        Thread.sleep(PAUSE.toMillis());
        long before = ProcessMemory.residentBytes(peer.handle());
        try (StreamBenchmarkClients clients = StreamBenchmarkClients.forPeer(peer, streams, channel)) {
            clients.open(peer.port(), CONNECTIONS_PER_SECOND);
            Thread.sleep(SETTLE_TIME.toMillis());
            return new MemoryPerStream((ProcessMemory.residentBytes(peer.handle()) - before) / (double) streams, 0);
        }
    }
}
