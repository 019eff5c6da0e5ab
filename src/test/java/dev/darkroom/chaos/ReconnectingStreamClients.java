package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.SseEvent;
import dev.darkroom.testing.SseLoadClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.function.IntSupplier;

/**
 * One client for each of many users, each with one event stream, who come back with the last id they know whenever it breaks, and
 * drop what they have seen before. They keep what is wrong: a number that was skipped, a stream that was begun anew.
 */
final class ReconnectingStreamClients implements SseLoadClient.Listener, AutoCloseable {
    /** By its name a client is told all from the first one on, even one whose first connection broke before it learned an id. */
    private static final String STREAM = "/api/notifications/stream?subscriber=browser";

    private static final Duration LONGEST_PAUSE = Duration.ofMillis(500);

    private final IntSupplier port;
    private final List<String> keys;
    private final Random random;
    private final SseLoadClient streams = new SseLoadClient(this);
    private final String[] lastIds;
    private final long[] lastNumbers;
    private final List<String> violations = new ArrayList<>();
    private final BitSet live = new BitSet();
    private int connections;
    private int rejectedConnections;
    private int duplicates;
    private int events;

    /**
     * All connect at once.
     *
     * @param port where somebody may be, for each connection anew
     */
    ReconnectingStreamClients(IntSupplier port, List<String> keys, Random dice) {
        this.port = port;
        this.keys = keys;
        this.random = dice;
        lastIds = new String[keys.size()];
        Arrays.fill(lastIds, "");
        lastNumbers = new long[keys.size()];
        for (int client = 0; client < keys.size(); client++) {
            connect(client, Duration.ZERO);
        }
    }

    private synchronized void connect(int client, Duration pause) {
        String authorization = "Authorization: Bearer " + keys.get(client);
        byte[] request = lastIds[client].isEmpty()
                ? SseLoadClient.request(STREAM, authorization)
                : SseLoadClient.request(STREAM, authorization, "Last-Event-ID: " + lastIds[client]);
        connections++;
        streams.open(client, port.getAsInt(), request, pause);
    }

    @Override
    public synchronized void live(int client, int status) {
        if (status == 503) {
            rejectedConnections++;
        } else if (status != 200) {
            violations.add("client " + client + " got " + status);
        }
        if (status != 200) {
            streams.closeStream(client);
            reconnect(client);
        }
    }

    @Override
    public synchronized void onEvent(int client, SseEvent event) {
        // The first one says where the stream begins; what is recorded before it is not told.
        live.set(client);
        if (event.name().equals("reset")) {
            violations.add("client %d, who knew %s, was told %s".formatted(client, lastIds[client], event.data()));
        }
        if (event.name().equals("notification")) {
            long number = Long.parseLong(event.id().substring(event.id().lastIndexOf('-') + 1));
            if (number > lastNumbers[client] + 1) {
                violations.add("client %d was told %d after %d".formatted(client, number, lastNumbers[client]));
            }
            if (number <= lastNumbers[client]) {
                duplicates++;
            } else {
                events++;
                lastNumbers[client] = number;
            }
        }
        lastIds[client] = event.id();
    }

    @Override
    public synchronized void onClosed(int client) {
        live.clear(client);
        reconnect(client);
    }

    private void reconnect(int client) {
        Duration pause;
        synchronized (this) {
            pause = Duration.ofMillis(random.nextInt((int) LONGEST_PAUSE.toMillis()));
        }
        connect(client, pause);
    }

    /** How many have a stream right now. */
    synchronized int live() {
        streams.assertNoFailure();
        return live.cardinality();
    }

    /** The last number that each client has been told; 0 for one that was told nothing. */
    synchronized List<Long> lastNumbers() {
        streams.assertNoFailure();
        return Arrays.stream(lastNumbers).boxed().toList();
    }

    synchronized void assertNoViolations() {
        assertThat(violations).as("gaps, resets, refusals").isEmpty();
    }

    @Override
    public synchronized String toString() {
        return "%d clients: %d notifications in order, none missing; %d came twice; %d connections, %d refused"
                .formatted(keys.size(), events, duplicates, connections, rejectedConnections);
    }

    @Override
    public void close() {
        streams.close();
    }
}
