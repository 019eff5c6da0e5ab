package dev.darkroom.benchmark;

import java.net.http.HttpRequest;
import java.util.Locale;

/**
 * Running streaming server to compare with. Publishers send events to channels by HTTP, and subscribers receive them as
 * server-sent events. Events are not part of a database transaction.
 */
interface StreamingPeer extends AutoCloseable {
    /** Returns the name for the report. */
    String name();

    /** Returns the process, or the parent of its processes. */
    ProcessHandle handle();

    /** Returns the HTTP port. */
    int port();

    /** Creates the raw request for the stream of a channel. */
    byte[] subscribeRequest(String channel);

    /** Creates the request that publishes an event. */
    HttpRequest publishRequest(String channel, String json);

    @Override
    void close() throws InterruptedException;

    /** Returns the JSON of a notification, so that all systems send the same bytes. */
    static String notificationJson(int seq) {
        return String.format(
                Locale.ROOT,
                "{\"id\":\"01a209f3-5c1e-7b8a-9c55-%012d\",\"seq\":%d,\"type\":\"generation.ended\","
                        + "\"timestamp\":\"2026-11-23T18:02:11.482Z\",\"data\":{\"generationId\":"
                        + "\"01a209f2-71d0-7a31-8a3c-5b1f6c9d2e10\",\"status\":\"COMPLETE\",\"imageCount\":1,\"failedAttempts\":0}}",
                seq,
                seq);
    }
}
