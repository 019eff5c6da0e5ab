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
 * So many clients, each with one event stream. A connection that is refused or ends while nobody expects it ends the benchmark. The
 * methods block.
 */
final class StreamBenchmarkClients implements SseLoadClient.Listener, AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** How a client asks for its stream, when it knows this id; empty when it knows none. */
    interface Request {
        byte[] of(int client, String lastId);
    }

    /** An event that was told of. */
    record Arrival(int client, SseEvent event) {}

    private final boolean sendsGreeting;
    private final Request request;
    private final SseLoadClient streams = new SseLoadClient(this);
    private final String[] lastIds;
    /** 0 for one that is not live. */
    private final long[] openedAt;

    private final List<Arrival> arrivals = new ArrayList<>();
    private int live;
    private int ended;
    private String refused;
    private boolean endExpected;

    private StreamBenchmarkClients(int count, boolean greeted, Request request) {
        this.sendsGreeting = greeted;
        this.request = request;
        lastIds = new String[count];
        Arrays.fill(lastIds, "");
        openedAt = new long[count];
    }

    /**
     * Of Darkroom. A stream is live with its first event, which says where it begins: what is recorded before that is not told by it.
     */
    static StreamBenchmarkClients forDarkroom(int count, Request request) {
        return new StreamBenchmarkClients(count, true, request);
    }

    /** Of a server that does not greet. A stream is live once something has come. */
    static StreamBenchmarkClients forPeer(StreamingPeer peer, int count, IntFunction<String> channels) {
        return new StreamBenchmarkClients(
                count, false, (client, lastId) -> peer.subscribeRequest(channels.apply(client)));
    }

    /**
     * Connects all, and waits until they are live.
     *
     * @param aSecond how many connect in a second; 0 for all of them at once
     * @return how many milliseconds each took, from when the first was asked to connect if all do at once
     */
    List<Double> open(int port, int aSecond) throws InterruptedException {
        synchronized (this) {
            live = 0;
            Arrays.fill(openedAt, 0);
            ended = 0;
            endExpected = false;
        }
        long[] asked = new long[lastIds.length];
        long start = System.nanoTime();
        for (int i = 0; i < lastIds.length; i++) {
            long after = aSecond == 0 ? 0 : TimeUnit.SECONDS.toNanos(1) / aSecond * i;
            asked[i] = start + after;
            byte[] bytes;
            synchronized (this) {
                bytes = request.of(i, lastIds[i]);
            }
            streams.open(i, port, bytes, Duration.ofNanos(Math.max(0, asked[i] - System.nanoTime())));
        }
        await("all to be live", () -> live == lastIds.length);
        List<Double> took = new ArrayList<>();
        for (int i = 0; i < asked.length; i++) {
            took.add((openedAt[i] - asked[i]) / 1e6);
        }
        return took;
    }

    /** From now on connections may end; waits until all have, once the server is gone. */
    void awaitEnd(Runnable end) throws InterruptedException {
        synchronized (this) {
            endExpected = true;
        }
        end.run();
        await("all to be closed", () -> ended == lastIds.length);
    }

    synchronized void clearArrivals() {
        arrivals.clear();
    }

    /** Waits for so many events since {@link #clearArrivals}. */
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

    private synchronized void await(String what, Condition condition) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.holds()) {
            streams.assertNoFailure();
            if (refused != null || System.nanoTime() > end) {
                throw new IllegalStateException("waited for %s: %d live, %d ended, %d events, %s"
                        .formatted(what, live, ended, arrivals.size(), refused));
            }
            wait(100);
        }
    }

    @Override
    public synchronized void live(int client, int status) {
        if (status != 200) {
            refused = "client " + client + " got " + status;
        }
        if (!sendsGreeting) {
            isLive(client);
        }
        notifyAll();
    }

    private void isLive(int client) {
        if (openedAt[client] == 0) {
            openedAt[client] = System.nanoTime();
            live++;
            notifyAll();
        }
    }

    @Override
    public synchronized void onEvent(int client, SseEvent event) {
        lastIds[client] = event.id();
        isLive(client);
        // What else comes, pings and greetings, has no number.
        if (event.data().contains("\"seq\":")) {
            arrivals.add(new Arrival(client, event));
            notifyAll();
        }
    }

    @Override
    public synchronized void onClosed(int client) {
        ended++;
        if (!endExpected) {
            refused = "the connection of client " + client + " ended";
        }
        notifyAll();
    }

    @Override
    public void close() {
        streams.close();
    }
}
