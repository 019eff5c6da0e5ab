package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Repeats concurrent requests at two processes on one database. Exactly one request wins, all responses agree, and the tables
 * are consistent.
 */
@Tag("chaos")
@Timeout(1200)
class RaceConditionsIT {
    private static final int CONCURRENT_REQUESTS = 50;
    private static final int CANCELS = ChaosParameters.sizeProperty("cancels", 1_000);
    private static final int KEYS = ChaosParameters.sizeProperty("keys", 1_000);

    @TempDir
    Path directory;

    private final DatabaseUrl database = TestPostgres.newDatabase();
    private InProcessSimulator inProcessSimulator;
    private List<DarkroomInstance> processes;

    @BeforeEach
    void start() throws IOException {
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(1));
        processes = List.of(service("one"), service("other"));
    }

    private DarkroomInstance service(String name) throws IOException {
        return InProcessDarkroom.start(
                Files.createDirectory(directory.resolve(name)),
                DarkroomInstanceSettings.forTests()
                        .database(database)
                        .aiServer(inProcessSimulator)
                        .with("DARKROOM_NODE_HEARTBEAT_INTERVAL", "1s")
                        .with("DARKROOM_NODE_TTL", "15s")
                        .with("DARKROOM_WORKER_CONCURRENCY", "8")
                        .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString()));
    }

    @AfterEach
    void stop() throws Exception {
        for (DarkroomInstance process : processes) {
            process.close();
        }
        inProcessSimulator.close();
    }

    private ApiClient client(int n) {
        return processes.get(n % processes.size()).client();
    }

    private static <T> List<T> invokeConcurrently(int threadCount, List<Callable<T>> calls) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(threadCount);
        try {
            List<T> results = new ArrayList<>();
            for (Future<T> result : threads.invokeAll(calls)) {
                results.add(result.get());
            }
            return results;
        } finally {
            threads.shutdownNow();
        }
    }

    private record Cancelled(String id, int status) {}

    @Test
    void cancelRacesWithCompletion() throws Exception {
        // given an AI server about as fast as the cancel, and too few clients for a queue
        Random random = ChaosParameters.seededRandom("cancel against complete");
        JsonObject small =
                new JsonObject().put("prompt", "A race").put("width", 64).put("height", 64);
        List<Callable<Cancelled>> rounds = new ArrayList<>();
        for (int i = 0; i < CANCELS; i++) {
            int round = i;
            long pause = Duration.ofMillis(random.nextInt(40)).toNanos();
            rounds.add(() -> {
                String id = client(round).create(small).getString("id");
                LockSupport.parkNanos(pause);
                return new Cancelled(id, client(round / 2).cancel(id).status());
            });
        }

        // when
        List<Cancelled> responses = invokeConcurrently(4, rounds);

        // then each outcome agrees with the response to the cancel
        Awaitility.await("the end of all")
                .atMost(Duration.ofMinutes(2))
                .until(() -> TestPostgres.query(database, "SELECT count(*) FROM generation_queue")
                        .equals(List.of("0")));
        for (Cancelled each : responses) {
            JsonObject generation = client(0).generation(each.id());
            String code = generation.getJsonObject("error", new JsonObject()).getString("code", "");
            assertThat(each.status()).as("%s", generation).isIn(200, 409);
            assertThat(code.equals("CANCELLED")).as("%s", generation).isEqualTo(each.status() == 200);
        }
        long won = responses.stream().filter(each -> each.status() == 200).count();
        System.out.printf("races: %d cancelled, %d too late%n", won, responses.size() - won);
        assertThat(won).isBetween(1L, responses.size() - 1L);
        DatabaseInvariants.assertNoViolations(database, directory.resolve("images"));
    }

    @Test
    void identicalRequestsCreateOneGeneration() throws Exception {
        for (int i = 0; i < KEYS; i++) {
            // given
            String key = UUID.randomUUID().toString();
            String body = "{\"prompt\":\"race %d\",\"width\":64,\"height\":64}".formatted(i);
            List<Callable<ApiResponse>> calls = Stream.iterate(0, n -> n < CONCURRENT_REQUESTS, n -> n + 1)
                    .map(n -> (Callable<ApiResponse>) () -> client(n).post(body, Map.of("Idempotency-Key", key)))
                    .toList();

            // when
            List<ApiResponse> responses = invokeConcurrently(CONCURRENT_REQUESTS, calls);

            // then
            assertThat(responses).extracting(ApiResponse::status).isSubsetOf(200, 202);
            Set<String> ids = responses.stream()
                    .map(apiResponse -> apiResponse.json().getString("id"))
                    .collect(Collectors.toSet());
            assertThat(ids).hasSize(1);
            assertThat(responses)
                    .filteredOn(apiResponse -> apiResponse.header("Idempotency-Replayed") == null)
                    .hasSize(1);
        }

        // and there are no other generations
        Awaitility.await("the end of all")
                .atMost(Duration.ofMinutes(2))
                .until(() -> TestPostgres.query(database, "SELECT count(*) FROM generations WHERE status = 'COMPLETE'")
                        .equals(List.of(String.valueOf(KEYS))));
        assertThat(TestPostgres.query(database, "SELECT count(*) FROM generations"))
                .containsExactly(String.valueOf(KEYS));
        DatabaseInvariants.assertNoViolations(database, directory.resolve("images"));
    }
}
