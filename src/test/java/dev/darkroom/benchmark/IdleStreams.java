package dev.darkroom.benchmark;

import dev.darkroom.testing.EventStreams;
import java.io.IOException;
import java.time.Duration;
import java.util.function.IntFunction;

/** What streams take on which nothing happens but heartbeats. */
final class IdleStreams {
    /** Connect first, and are gone again: what the first of all streams costs is not what each costs. */
    private static final int WARM_UP = 500;

    private static final int WARM_UP_A_SECOND = 250;
    private static final int A_SECOND = 2_000;
    /** Long enough for comments and pings to have gone out on all. */
    private static final Duration SETTLED = Duration.ofSeconds(32);

    private static final Duration CALM = Duration.ofSeconds(3);

    private IdleStreams() {}

    /**
     * Bytes for each stream.
     *
     * @param resident memory of the process or processes
     * @param live heap after a full collection, and buffers outside it; 0 for what is not written in Java
     */
    record Each(double resident, double live) {}

    /**
     * Memory with so many streams less memory without, of a process of ours.
     *
     * @param headers what says who a client is
     */
    static Each of(StreamNode node, IntFunction<String> headers, int streams) throws Exception {
        StreamClients.Request request =
                (client, lastId) -> EventStreams.request(StreamNode.STREAM, headers.apply(client));
        try (StreamClients first = StreamClients.ofDarkroom(WARM_UP, request)) {
            first.open(node.port(), WARM_UP_A_SECOND);
        }
        Thread.sleep(CALM.toMillis());
        long liveBefore = node.process().memoryBytes();
        long before = StreamMemory.of(node.process().handle());
        try (StreamClients clients = StreamClients.ofDarkroom(streams, request)) {
            clients.open(node.port(), A_SECOND);
            Thread.sleep(SETTLED.toMillis());
            long live = node.process().memoryBytes() - liveBefore;
            long resident = StreamMemory.of(node.process().handle()) - before;
            return new Each(resident / (double) streams, live / (double) streams);
        }
    }

    /** The same of another server, with as many streams to each channel as our users have. */
    static Each of(StreamingPeer peer, int channels, int streams) throws IOException, InterruptedException {
        IntFunction<String> channel = client -> "user-" + client * channels / streams;
        try (StreamClients first = StreamClients.of(peer, WARM_UP, channel)) {
            first.open(peer.port(), WARM_UP_A_SECOND);
        }
        Thread.sleep(CALM.toMillis());
        long before = StreamMemory.of(peer.handle());
        try (StreamClients clients = StreamClients.of(peer, streams, channel)) {
            clients.open(peer.port(), A_SECOND);
            Thread.sleep(SETTLED.toMillis());
            return new Each((StreamMemory.of(peer.handle()) - before) / (double) streams, 0);
        }
    }
}
