package dev.darkroom.benchmark;

import dev.darkroom.testing.SseEvent;
import dev.darkroom.testing.SseLoadClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/**
 * Clients with one event stream each. A rejected connection or an unexpected end of a stream ends the benchmark. All methods
 * block.
 */
final class StreamBenchmarkClients implements SseLoadClient.Listener, AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    /** Creates the raw request of a client; {@code lastId} is empty before its first event. */
    interface Request {
        byte[] of(int client, String lastId);
    }

    /** An event received by a client. */
    record Arrival(int client, SseEvent event) {}

    private final boolean sendsGreeting;
    private final Request request;
    private final SseLoadClient streams = new SseLoadClient(this);
    private final String[] lastIds;
    /** Nanoseconds; 0 while a client is not connected. */
    private final long[] openedAt;

    private final List<Arrival> arrivals = new ArrayList<>();
    private int live;
    private int ended;
    private String failure;
    private boolean endExpected;

    private StreamBenchmarkClients(int count, boolean sendsGreeting, Request request) {
        this.sendsGreeting = sendsGreeting;
        this.request = request;
        lastIds = new String[count];
        Arrays.fill(lastIds, "");
        openedAt = new long[count];
    }

    /**
     * Creates clients of Darkroom. A stream counts as connected after its first event, which contains its start position.
     */
    static StreamBenchmarkClients forDarkroom(int count, Request request) {
        return new StreamBenchmarkClients(count, true, request);
    }

    /** Creates clients of a server without an initial event. A stream counts as connected after its first bytes. */
    static StreamBenchmarkClients forPeer(StreamingPeer peer, int count, IntFunction<String> channels) {
        return new StreamBenchmarkClients(
                count, false, (client, lastId) -> peer.subscribeRequest(channels.apply(client)));
    }

    /**
     * Connects all clients and waits until they are connected.
     *
     * @param connectsPerSecond 0 for all at once
     * @return milliseconds per client from its scheduled start
     */
    List<Double> open(int port, int connectsPerSecond) throws InterruptedException {
        synchronized (this) {
            live = 0;
            Arrays.fill(openedAt, 0);
            ended = 0;
            endExpected = false;
        }
        long[] scheduledAt = new long[lastIds.length];
        long start = System.nanoTime();
        for (int i = 0; i < lastIds.length; i++) {
            long delay = connectsPerSecond == 0 ? 0 : TimeUnit.SECONDS.toNanos(1) / connectsPerSecond * i;
            scheduledAt[i] = start + delay;
            byte[] bytes;
            synchronized (this) {
                bytes = request.of(i, lastIds[i]);
            }
            streams.open(i, port, bytes, Duration.ofNanos(Math.max(0, scheduledAt[i] - System.nanoTime())));
        }
        await("all streams to be connected", () -> live == lastIds.length);
        List<Double> latencies = new ArrayList<>();
        for (int i = 0; i < scheduledAt.length; i++) {
            latencies.add((openedAt[i] - scheduledAt[i]) / 1e6);
        }
        return latencies;
    }

    /** Runs {@code stopServer} and waits until all connections are closed. */
    void awaitEnd(Runnable stopServer) throws InterruptedException {
        synchronized (this) {
            endExpected = true;
        }
        stopServer.run();
        await("all streams to be closed", () -> ended == lastIds.length);
    }

    synchronized void clearArrivals() {
        arrivals.clear();
    }

    /** Waits for {@code count} events since {@link #clearArrivals}. */
    List<Arrival> awaitArrivals(int count) throws InterruptedException {
        await(count + " events", () -> arrivals.size() >= count);
        return arrivals();
    }

    synchronized List<Arrival> arrivals() {
        return List.copyOf(arrivals);
    }

    private interface Condition {
        boolean holds();
    }

    private synchronized void await(String description, Condition condition) throws InterruptedException {
        long end = System.nanoTime() + TIMEOUT.toNanos();
        while (!condition.holds()) {
            streams.assertNoFailure();
            if (failure != null || System.nanoTime() > end) {
                throw new IllegalStateException("timed out waiting for %s: %d connected, %d ended, %d events, %s"
                        .formatted(description, live, ended, arrivals.size(), failure));
            }
            wait(100);
        }
    }

    @Override
    public synchronized void live(int client, int status) {
        if (status != 200) {
            failure = "client " + client + " got " + status;
        }
        if (!sendsGreeting) {
            markLive(client);
        }
        notifyAll();
    }

    private void markLive(int client) {
        if (openedAt[client] == 0) {
            openedAt[client] = System.nanoTime();
            live++;
            notifyAll();
        }
    }

    @Override
    public synchronized void onEvent(int client, SseEvent event) {
        lastIds[client] = event.id();
        markLive(client);
        // Pings and initial events have no sequence number.
        if (event.data().contains("\"seq\":")) {
            arrivals.add(new Arrival(client, event));
            notifyAll();
        }
    }

    @Override
    public synchronized void onClosed(int client) {
        ended++;
        if (!endExpected) {
            failure = "the connection of client " + client + " ended";
        }
        notifyAll();
    }

    @Override
    public void close() {
        streams.close();
    }
}
