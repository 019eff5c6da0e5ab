package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ConnectionCuttingProxy;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestApiKeys;
import dev.darkroom.testing.TestPostgres;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Cuts event streams at arbitrary bytes and kills nodes. Each client gets every notification in order, exactly once after
 * deduplication.
 */
@Tag("chaos")
@Timeout(600)
class StreamInterruptionIT {
    private static final int NODES = 3;
    private static final int CLIENTS = ChaosParameters.sizeProperty("clients", 1_000);
    private static final int POSTS_PER_SECOND = 60;
    private static final Duration TIME = Duration.ofSeconds(ChaosParameters.sizeProperty("streams", 120));
    private static final Duration BETWEEN_KILLS = Duration.ofSeconds(6);

    /** Mean number of bytes before a response is cut: a few notifications. */
    private static final int LENGTH = 2_000;

    private static final String BODY = "{\"prompt\":\"A lighthouse at dusk\",\"width\":64,\"height\":64}";

    @TempDir
    Path directory;

    @Test
    void deliversEveryNotificationDespiteCuts() throws Exception {
        // given
        Random random = ChaosParameters.seededRandom("broken streams");
        DatabaseUrl database = TestPostgres.newDatabase();
        try (InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
                DarkroomFleet darkroomFleet = new DarkroomFleet(
                        directory, NODES, settings().database(database).aiServer(inProcessSimulator));
                ConnectionCuttingProxy balancer = new ConnectionCuttingProxy(
                        () -> randomApiPort(darkroomFleet),
                        ConnectionCuttingProxy.randomLengths(new Random(random.nextLong()), LENGTH))) {
            List<String> users =
                    IntStream.range(0, CLIENTS).mapToObj(i -> "user-" + i).toList();
            List<String> keys = TestApiKeys.create(database, users);
            try (ReconnectingStreamClients reconnectingStreamClients =
                    new ReconnectingStreamClients(balancer::port, keys, new Random(random.nextLong()))) {

                // when
                AtomicInteger failedPosts = new AtomicInteger();
                ScheduledExecutorService posters =
                        postSteadily(darkroomFleet, keys, new Random(random.nextLong()), failedPosts);
                int kills = killPeriodically(darkroomFleet, random);
                posters.shutdown();
                assertThat(posters.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
                Awaitility.await("the queue is empty")
                        .atMost(Duration.ofMinutes(2))
                        .pollInterval(Duration.ofMillis(200))
                        .until(() -> query(database, "SELECT 1 FROM generation_queue LIMIT 1")
                                .isEmpty());
                balancer.stopCutting();

                // then
                List<Long> top = reconnectingStreamClients.awaitAllNotifications(database);
                assertThat(balancer.cutCount()).as("cut connections").isGreaterThan(CLIENTS);
                assertThat(top.stream().mapToLong(Long::longValue).sum())
                        .as("one notification for each generation")
                        .isEqualTo(Long.parseLong(query(database, "SELECT count(*) FROM generations")
                                .get(0)));
                AttemptHistoryCheck.assertNoViolations(
                        darkroomFleet.allProcesses(), database, directory.resolve("data/images"));
                System.out.printf(
                        "chaos: broken streams: %d s, %d connections cut, %d nodes killed, %d POSTs failed; %s%n",
                        TIME.toSeconds(), balancer.cutCount(), kills, failedPosts.get(), reconnectingStreamClients);
                for (DarkroomInstanceProcess process : darkroomFleet.allProcesses()) {
                    assertThat(process.log()).noneMatch(line -> line.contains(" ERROR ") || line.startsWith("\tat "));
                }
            }
        }
    }

    /** Returns the API port of a random node, like a load balancer that does not yet know which nodes died. */
    private static int randomApiPort(DarkroomFleet darkroomFleet) {
        ApiClient client = darkroomFleet.randomClient();
        return client == null
                ? darkroomFleet.processAt(0).api().getPort()
                : client.base().getPort();
    }

    private static ScheduledExecutorService postSteadily(
            DarkroomFleet darkroomFleet, List<String> keys, Random random, AtomicInteger failedPosts) {
        int threads = 10;
        ScheduledExecutorService posters = Executors.newScheduledThreadPool(threads);
        long pause = TimeUnit.SECONDS.toNanos(1) / POSTS_PER_SECOND;
        for (int i = 0; i < threads; i++) {
            posters.scheduleAtFixedRate(
                    () -> {
                        String key;
                        synchronized (random) {
                            key = keys.get(random.nextInt(keys.size()));
                        }
                        post(darkroomFleet, key, failedPosts);
                    },
                    i * pause,
                    threads * pause,
                    TimeUnit.NANOSECONDS);
        }
        return posters;
    }

    private static void post(DarkroomFleet darkroomFleet, String key, AtomicInteger failedPosts) {
        ApiClient client = darkroomFleet.randomClient();
        try {
            if (client == null
                    || client.post(BODY, Map.of("Authorization", "Bearer " + key))
                                    .status()
                            != 202) {
                failedPosts.incrementAndGet();
            }
        } catch (UncheckedIOException e) {
            // The node was killed during the request.
            failedPosts.incrementAndGet();
        }
    }

    /** Kills a node every {@link #BETWEEN_KILLS} for {@link #TIME} and starts another in its place. */
    private static int killPeriodically(DarkroomFleet darkroomFleet, Random random) throws Exception {
        ExecutorService starter = Executors.newSingleThreadExecutor();
        try {
            Instant end = Instant.now().plus(TIME);
            Future<?> started = null;
            int kills = 0;
            do {
                ChaosParameters.waitFor(BETWEEN_KILLS);
                if (started == null || started.isDone()) {
                    int place = random.nextInt(NODES);
                    darkroomFleet.kill(place);
                    kills++;
                    started = starter.submit(() -> {
                        darkroomFleet.launch(place);
                        darkroomFleet.awaitReady(place);
                    });
                }
            } while (Instant.now().plus(BETWEEN_KILLS).isBefore(end));
            Duration left = Duration.between(Instant.now(), end);
            ChaosParameters.waitFor(left.isNegative() ? Duration.ZERO : left);
            started.get();
            return kills;
        } finally {
            starter.shutdownNow();
        }
    }

    private static List<String> query(DatabaseUrl database, String sql) {
        return TestPostgres.query(database, sql);
    }

    private static DarkroomInstanceSettings settings() {
        return DarkroomInstanceSettings.forTests()
                .with("DARKROOM_AUTH", "required")
                .with("DARKROOM_STREAMS_CONNECTS_PER_SECOND", "5000")
                .with("DARKROOM_STREAMS_CONNECTS_PER_SECOND_PER_ADDRESS", "0")
                .with("DARKROOM_CONNECTIONS_PER_ADDRESS", "0")
                .smallProcess()
                .shortLeases();
    }
}
