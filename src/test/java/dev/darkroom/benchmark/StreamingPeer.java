package dev.darkroom.benchmark;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpRequest;
import java.util.Locale;

/**
 * A streaming server beside ours, that runs: events are published to channels by HTTP, and come to those who listen as server-sent
 * events. It keeps no record in anybody's transaction.
 */
interface StreamingPeer extends AutoCloseable {
    /** For people. */
    String name();

    /** The process, or the one that has started the others. */
    ProcessHandle handle();

    /** Where clients connect to. */
    int port();

    /** How a client asks for the stream of a channel. */
    byte[] subscribeRequest(String channel);

    /** How an event is published. */
    HttpRequest publishRequest(String channel, String json);

    @Override
    void close() throws InterruptedException;

    /** What a notification says, so that all send the same. */
    static String notificationJson(int seq) {
        return String.format(
                Locale.ROOT,
                "{\"id\":\"01a209f3-5c1e-7b8a-9c55-%012d\",\"seq\":%d,\"type\":\"generation.ended\","
                        + "\"timestamp\":\"2026-11-23T18:02:11.482Z\",\"data\":{\"generationId\":"
                        + "\"01a209f2-71d0-7a31-8a3c-5b1f6c9d2e10\",\"status\":\"COMPLETE\",\"imageCount\":1,\"failedAttempts\":0}}",
                seq,
                seq);
    }

    /** A port that was free a moment ago. */
    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
