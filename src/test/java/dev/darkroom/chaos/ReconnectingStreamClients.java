package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.SseEvent;
import dev.darkroom.testing.SseLoadClient;
import dev.darkroom.testing.TestPostgres;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.function.IntSupplier;
import org.awaitility.Awaitility;

/**
 * Event-stream clients, one per user. Each reconnects with its last event id and ignores notifications it has seen. Collects
 * violations: skipped sequence numbers, resets and unexpected statuses. Thread-safe.
 */
final class ReconnectingStreamClients implements SseLoadClient.Listener, AutoCloseable {
    /** Names a subscriber, so that a client gets all notifications even if its first connection breaks before any event id. */
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
     * Connects all clients at once.
     *
     * @param port supplies the port of each new connection
     */
    ReconnectingStreamClients(IntSupplier port, List<String> keys, Random random) {
        this.port = port;
        this.keys = keys;
        this.random = random;
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
        // The first event has the start position. The stream does not send older notifications.
        live.set(client);
        if (event.name().equals("reset")) {
            violations.add("client %d at %s got reset %s".formatted(client, lastIds[client], event.data()));
        }
        if (event.name().equals("notification")) {
            long number = Long.parseLong(event.id().substring(event.id().lastIndexOf('-') + 1));
            if (number > lastNumbers[client] + 1) {
                violations.add("client %d got %d after %d".formatted(client, number, lastNumbers[client]));
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

    /** Returns the number of clients with an open stream. */
    synchronized int live() {
        streams.assertNoFailure();
        return live.cardinality();
    }

    /** Returns the last sequence number of each client; 0 for a client without notifications. */
    synchronized List<Long> lastNumbers() {
        streams.assertNoFailure();
        return Arrays.stream(lastNumbers).boxed().toList();
    }

    /**
     * Waits until the clients have received all stored notifications, and asserts that there was no violation. The clients belong to
     * {@code user-0} and the following users.
     *
     * @return the last sequence number of each client
     */
    List<Long> awaitAllNotifications(DatabaseUrl database) {
        List<Long> last = TestPostgres.query(
                        database,
                        "SELECT coalesce(last_seq, 0) FROM generate_series(0, " + (keys.size() - 1)
                                + ") n LEFT JOIN user_streams ON user_id = 'user-' || n ORDER BY n")
                .stream()
                .map(Long::valueOf)
                .toList();
        Awaitility.await("all notifications received")
                .atMost(Duration.ofSeconds(60))
                .until(() -> lastNumbers().equals(last));
        assertNoViolations();
        return last;
    }

    synchronized void assertNoViolations() {
        assertThat(violations).as("gaps, resets, unexpected statuses").isEmpty();
    }

    @Override
    public synchronized String toString() {
        return "%d clients: %d notifications in order, none missing; %d duplicates; %d connections, %d rejected"
                .formatted(keys.size(), events, duplicates, connections, rejectedConnections);
    }

    @Override
    public void close() {
        streams.close();
    }
}
