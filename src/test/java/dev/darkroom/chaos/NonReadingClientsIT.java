package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.SseLoadClient;
import dev.darkroom.testing.TestApiKeys;
import dev.darkroom.testing.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Opens 500 streams with large backlogs and never reads them. Their memory is bounded, their connections are aborted in time,
 * and other users are not affected.
 */
@Tag("chaos")
@Timeout(300)
class NonReadingClientsIT {
    private static final int CLIENTS = 500;
    /** 4 MB per client, more than all network buffers. 2 GB in total, many times the heap. */
    private static final int NOTIFICATIONS = 12_000;

    private static final Pattern USED = Pattern.compile("used (\\d+)K");

    @TempDir
    Path directory;

    @Test
    void abortsNonReadingClientsWithoutAffectingOthers() {
        // given a user with a large backlog, and another user
        DatabaseUrl database = TestPostgres.newDatabase();
        try (InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
                DarkroomInstanceProcess darkroom = DarkroomInstanceProcess.start(
                        directory,
                        settings()
                                .database(database)
                                .aiServer(inProcessSimulator)
                                .environment(),
                        "-Xmx160m",
                        "-XX:+UseSerialGC",
                        "-XX:+ExitOnOutOfMemoryError")) {
            List<String> keys = TestApiKeys.create(database, List.of("non-reading", "user-0"));
            insertNotifications(database, "non-reading");
            try (ReconnectingStreamClients otherUser =
                    new ReconnectingStreamClients(() -> darkroom.api().getPort(), keys.subList(1, 2), new Random(1))) {
                Awaitility.await().until(() -> otherUser.live() == 1);
                long before = liveHeapKib(darkroom);

                // when
                List<Socket> sockets = new ArrayList<>();
                Instant begin = Instant.now();
                for (int i = 0; i < CLIENTS; i++) {
                    sockets.add(openNonReadingStream(darkroom, keys.get(0)));
                }
                // One client for all requests: each client keeps a connection, which connections() would count.
                ApiClient other = darkroom.client().withKey(keys.get(1));
                List<Long> latencies = new ArrayList<>();
                long maxHeap = 0;
                while (connections(darkroom) > 10) {
                    latencies.add(notificationMillis(other, otherUser));
                    maxHeap = Math.max(maxHeap, liveHeapKib(darkroom));
                    assertThat(Duration.between(begin, Instant.now()))
                            .as("time until all are aborted")
                            .isLessThan(Duration.ofSeconds(90));
                }
                Duration allAborted = Duration.between(begin, Instant.now());

                // then
                long slowest =
                        latencies.stream().mapToLong(Long::longValue).max().orElseThrow();
                System.out.printf(
                        "chaos: non-reading clients: all %d aborted after %d s; live heap %d MB before, %d MB at most; another user"
                                + " got %d notifications, each within %d ms%n",
                        CLIENTS, allAborted.toSeconds(), before >> 10, maxHeap >> 10, latencies.size(), slowest);
                assertThat(maxHeap - before).as("heap growth in KiB").isLessThan(60 * 1024);
                assertThat(slowest).as("ms until another user is notified").isLessThan(5_000);
                otherUser.assertNoViolations();
                for (Socket socket : sockets) {
                    socket.close();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static void insertNotifications(DatabaseUrl database, String user) {
        TestPostgres.execute(
                database,
                "INSERT INTO user_streams (user_id, last_seq) VALUES ('" + user + "', " + NOTIFICATIONS + ")",
                "INSERT INTO notifications (user_id, seq, id, type, data) SELECT '" + user
                        + "', n, gen_random_uuid(), 'generation.ended', jsonb_build_object('status', 'COMPLETE', 'imageCount', 1,"
                        + " 'failedAttempts', 0, 'generationId', gen_random_uuid()) FROM generate_series(1, "
                        + NOTIFICATIONS + ") n");
    }

    private static Socket openNonReadingStream(DarkroomInstanceProcess darkroom, String key) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4 * 1024);
        socket.connect(new InetSocketAddress("127.0.0.1", darkroom.api().getPort()));
        byte[] request =
                SseLoadClient.request("/api/notifications/stream?subscriber=nobody", "Authorization: Bearer " + key);
        socket.getOutputStream().write(request);
        return socket;
    }

    /** Creates a generation and returns the milliseconds until its notification arrives. */
    private static long notificationMillis(ApiClient other, ReconnectingStreamClients otherUser) {
        long next = otherUser.lastNumbers().get(0) + 1;
        other.create("A lighthouse at dusk");
        long started = System.nanoTime();
        Awaitility.await("notification of the other user")
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> otherUser.lastNumbers().get(0) == next);
        return Duration.ofNanos(System.nanoTime() - started).toMillis();
    }

    /** Returns the number of established connections to the API port. */
    private static long connections(DarkroomInstanceProcess darkroom) {
        int port = darkroom.api().getPort();
        return run("ss", "-Htn", "state", "established", "sport", "=", ":" + port)
                .lines()
                .count();
    }

    /** Returns the heap in use after a full collection, in KiB. */
    private static long liveHeapKib(DarkroomInstanceProcess darkroom) {
        String pid = String.valueOf(darkroom.pid());
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        run(jcmd, pid, "GC.run");
        Matcher used = USED.matcher(run(jcmd, pid, "GC.heap_info"));
        long sum = 0;
        // Young and old generation. The metaspace after them is not heap.
        for (int i = 0; i < 2 && used.find(); i++) {
            sum += Long.parseLong(used.group(1));
        }
        assertThat(sum).isPositive();
        return sum;
    }

    private static String run(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static DarkroomInstanceSettings settings() {
        return DarkroomInstanceSettings.forTests()
                .with("DARKROOM_AUTH", "required")
                .with("DARKROOM_STREAMS_PER_USER", "1000")
                .with("DARKROOM_STREAMS_CONNECTS_PER_SECOND", "5000")
                .with("DARKROOM_STREAMS_CONNECTS_PER_SECOND_PER_ADDRESS", "0")
                .with("DARKROOM_CONNECTIONS_PER_ADDRESS", "0")
                .smallProcess()
                // The defaults.
                .with("DARKROOM_NODE_HEARTBEAT_INTERVAL", "5s")
                .with("DARKROOM_NODE_TTL", "15s")
                .with("DARKROOM_NODE_REAP_INTERVAL", "5s");
    }
}
