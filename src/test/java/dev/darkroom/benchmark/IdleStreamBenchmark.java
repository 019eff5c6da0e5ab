package dev.darkroom.benchmark;

import dev.darkroom.testing.SseLoadClient;
import java.io.IOException;
import java.time.Duration;
import java.util.function.IntFunction;

/** What streams take on which nothing happens but heartbeats. */
final class IdleStreamBenchmark {
    /** Connect first, and are gone again: what the first of all streams costs is not what each costs. */
    private static final int WARM_UP = 500;

    private static final int WARM_UP_CONNECTIONS_PER_SECOND = 250;
    private static final int CONNECTIONS_PER_SECOND = 2_000;
    /** Long enough for comments and pings to have gone out on all. */
    private static final Duration SETTLE_TIME = Duration.ofSeconds(32);

    private static final Duration PAUSE = Duration.ofSeconds(3);

    private IdleStreamBenchmark() {}

    /**
     * Bytes for each stream.
     *
     * @param resident memory of the process or processes
     * @param live heap after a full collection, and buffers outside it; 0 for what is not written in Java
     */
    record MemoryPerStream(double resident, double live) {}

    /**
     * Memory with so many streams less memory without, of a process of ours.
     *
     * @param headers what says who a client is
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

    /** The same of another server, with as many streams to each channel as our users have. */
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
