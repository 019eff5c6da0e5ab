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
 * Five hundred who ask for their streams and never read them, while there is much to tell: their memory is bounded, they are cut off in
 * time, and nobody else notices.
 */
@Tag("chaos")
@Timeout(300)
class NonReadingClientsIT {
    private static final int READERS = 500;
    /** For each of them: 4 MB, more than all buffers on the way. All of them are 2 GB, many times the heap. */
    private static final int NOTIFICATIONS = 12_000;

    private static final Pattern USED = Pattern.compile("used (\\d+)K");

    @TempDir
    Path directory;

    @Test
    void whoNeverReadsIsCutOffAndNobodyElseNotices() {
        // given a user with very much to be told, and another one
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
            List<String> keys = TestApiKeys.create(database, List.of("deaf", "user-0"));
            tell(database, "deaf");
            try (ReconnectingStreamClients well =
                    new ReconnectingStreamClients(() -> darkroom.api().getPort(), keys.subList(1, 2), new Random(1))) {
                Awaitility.await().until(() -> well.live() == 1);
                long before = heap(darkroom);

                // when
                List<Socket> deaf = new ArrayList<>();
                Instant begin = Instant.now();
                for (int i = 0; i < READERS; i++) {
                    deaf.add(deaf(darkroom, keys.get(0)));
                }
                // One connection for all: each client would leave one behind, which is counted.
                ApiClient other = darkroom.client().withKey(keys.get(1));
                List<Long> took = new ArrayList<>();
                long most = 0;
                while (connections(darkroom) > 10) {
                    took.add(toldAfter(other, well));
                    most = Math.max(most, heap(darkroom));
                    assertThat(Duration.between(begin, Instant.now()))
                            .as("all are cut off")
                            .isLessThan(Duration.ofSeconds(90));
                }
                Duration cutOff = Duration.between(begin, Instant.now());

                // then
                long slowest = took.stream().mapToLong(Long::longValue).max().orElseThrow();
                System.out.printf(
                        "chaos: never reading: all %d cut off after %d s; live heap %d MB before, %d MB at most; somebody else was told"
                                + " %d times, after %d ms at most%n",
                        READERS, cutOff.toSeconds(), before >> 10, most >> 10, took.size(), slowest);
                assertThat(most - before).as("KiB of heap more").isLessThan(60 * 1024);
                assertThat(slowest).as("ms until somebody else is told").isLessThan(5_000);
                well.assertNoViolations();
                for (Socket socket : deaf) {
                    socket.close();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static void tell(DatabaseUrl database, String user) {
        TestPostgres.execute(
                database,
                "INSERT INTO user_streams (user_id, top_seq) VALUES ('" + user + "', " + NOTIFICATIONS + ")",
                "INSERT INTO notifications (user_id, seq, id, type, data) SELECT '" + user
                        + "', n, gen_random_uuid(), 'generation.ended', jsonb_build_object('status', 'COMPLETE', 'imageCount', 1,"
                        + " 'failedAttempts', 0, 'generationId', gen_random_uuid()) FROM generate_series(1, "
                        + NOTIFICATIONS + ") n");
    }

    private static Socket deaf(DarkroomInstanceProcess darkroom, String key) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4 * 1024);
        socket.connect(new InetSocketAddress("127.0.0.1", darkroom.api().getPort()));
        byte[] request =
                SseLoadClient.request("/api/notifications/stream?subscriber=nobody", "Authorization: Bearer " + key);
        socket.getOutputStream().write(request);
        return socket;
    }

    private static long toldAfter(ApiClient other, ReconnectingStreamClients well) {
        long next = well.lastNumbers().get(0) + 1;
        other.create("A lighthouse beside the deaf");
        long started = System.nanoTime();
        Awaitility.await("somebody else is told")
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> well.lastNumbers().get(0) == next);
        return Duration.ofNanos(System.nanoTime() - started).toMillis();
    }

    /** Those that the process has, the listening ones and those to the database among them. */
    private static long connections(DarkroomInstanceProcess darkroom) {
        int port = darkroom.api().getPort();
        return run("ss", "-Htn", "state", "established", "sport", "=", ":" + port)
                .lines()
                .count();
    }

    /** KiB in use after a full collection. */
    private static long heap(DarkroomInstanceProcess darkroom) {
        String pid = String.valueOf(darkroom.pid());
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        run(jcmd, pid, "GC.run");
        Matcher used = USED.matcher(run(jcmd, pid, "GC.heap_info"));
        long sum = 0;
        // The two generations; what comes after them is no heap.
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
                .with("DARKROOM_API_INSTANCES", "1")
                .with("DARKROOM_GENERATION_INSTANCES", "1")
                .with("DARKROOM_DATABASE_POOL_SIZE", "8")
                // As operators have them.
                .with("DARKROOM_NODE_HEARTBEAT_INTERVAL", "5s")
                .with("DARKROOM_NODE_TTL", "15s")
                .with("DARKROOM_NODE_REAP_INTERVAL", "5s");
    }
}
