package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Queue position and overload responses, and notification of a worker in another process. */
@Timeout(300)
class QueuePositionIT {
    private static final Duration LATENCY = Duration.ofMillis(250);

    @TempDir
    Path directory;

    private final DatabaseUrl database = TestPostgres.migratedDatabase();

    private DarkroomInstance startNode(String name, InProcessSimulator inProcessSimulator, int concurrency) {
        assertThat(directory.resolve(name).toFile().mkdir()).isTrue();
        return InProcessDarkroom.start(
                directory.resolve(name),
                DarkroomInstanceSettings.forTests()
                        .database(database)
                        .aiServer(inProcessSimulator)
                        // Wakes the worker by database notifications alone.
                        .with("DARKROOM_WORKER_POLL_INTERVAL", "1h")
                        .workerConcurrency(concurrency)
                        .with("DARKROOM_GENERATION_DEADLINE", "20s")
                        .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString()));
    }

    private static ApiResponse post(DarkroomInstance darkroomInstance) {
        return darkroomInstance
                .client()
                .post(new JsonObject().put("prompt", "A pier").encode());
    }

    @Test
    void reportsQueuePositionAndRejectsWhenOverloaded() {
        // given a process for requests, and a process that runs one attempt at a time
        try (InProcessSimulator inProcessSimulator = new InProcessSimulator(LATENCY);
                DarkroomInstance apiNode = startNode("apiNode", inProcessSimulator, 0);
                DarkroomInstance workerNode = startNode("workerNode", inProcessSimulator, 1)) {
            // when
            JsonObject first = post(apiNode).json();

            // then the worker starts it, although it does not poll
            assertThat(workerNode.client().awaitEnd(first.getString("id")).getString("status"))
                    .isEqualTo("COMPLETE");

            // when the queue is longer than the worker can start within 20 s
            ApiResponse rejected = Awaitility.await("a rejected request")
                    .atMost(Duration.ofSeconds(120))
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> post(apiNode), apiResponse -> apiResponse.status() != 202);

            // then
            assertThat(rejected.status()).isEqualTo(503);
            assertThat(rejected.json().getString("type")).isEqualTo("urn:darkroom:problem:overloaded");
            assertThat(Integer.parseInt(rejected.header("Retry-After"))).isBetween(1, 60);

            // then a queued generation has its position
            List<String> waiting = TestPostgres.query(
                    database,
                    "SELECT generation_id FROM generation_queue WHERE lease_owner IS NULL ORDER BY arrival_seq DESC");
            JsonObject last =
                    apiNode.client().get("/api/generation/" + waiting.get(0)).json();
            assertThat(last.getInteger("queuePosition")).isBetween(2, waiting.size() + 1);
            // The estimate depends on the speed of the machine.
            assertThat(Instant.parse(last.getString("estimatedStart")))
                    .isAfter(Instant.now().minusSeconds(60));
            assertThat(last.getInteger("priority")).isZero();
        }
    }
}
