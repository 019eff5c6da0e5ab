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

/** What a caller is told while work waits, and how it gets to a process that does it. */
@Timeout(300)
class QueuePositionIT {
    private static final Duration LATENCY = Duration.ofMillis(250);

    @TempDir
    Path directory;

    private final DatabaseUrl database = TestPostgres.migratedDatabase();

    private DarkroomInstance service(String name, InProcessSimulator inProcessSimulator, String concurrency) {
        assertThat(directory.resolve(name).toFile().mkdir()).isTrue();
        return InProcessDarkroom.start(
                directory.resolve(name),
                DarkroomInstanceSettings.forTests()
                        .database(database)
                        .aiServer(inProcessSimulator)
                        // What wakes the worker is a hint or nothing.
                        .with("DARKROOM_WORKER_POLL", "1h")
                        .with("DARKROOM_WORKER_CONCURRENCY", concurrency)
                        .with("DARKROOM_GENERATION_DEADLINE", "20s")
                        .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString()));
    }

    private static ApiResponse post(DarkroomInstance darkroomInstance) {
        return darkroomInstance
                .client()
                .post(new JsonObject().put("prompt", "A pier").encode());
    }

    @Test
    void whatWaitsIsTellingWhereItStandsUntilTooMuchDoes() {
        // given: one process takes requests, another makes one picture at a time
        try (InProcessSimulator inProcessSimulator = new InProcessSimulator(LATENCY);
                DarkroomInstance front = service("front", inProcessSimulator, "0");
                DarkroomInstance back = service("back", inProcessSimulator, "1")) {
            // when
            JsonObject first = post(front).json();

            // then: the other hears of it, though it never looks by itself
            assertThat(back.client().awaitEnd(first.getString("id")).getString("status"))
                    .isEqualTo("COMPLETE");

            // when: more is asked for than can be begun in twenty seconds
            ApiResponse refused = Awaitility.await("a refusal")
                    .atMost(Duration.ofSeconds(120))
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> post(front), apiResponse -> apiResponse.status() != 202);

            // then
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.json().getString("type")).isEqualTo("urn:darkroom:problem:overloaded");
            assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 60);

            // then: who waits is told where
            List<String> waiting = TestPostgres.query(
                    database,
                    "SELECT generation_id FROM generation_queue WHERE lease_owner IS NULL ORDER BY arrival DESC");
            JsonObject last =
                    front.client().get("/api/generation/" + waiting.get(0)).json();
            assertThat(last.getInteger("queuePosition")).isBetween(2, waiting.size() + 1);
            // The pace of the machine decides how far ahead it is.
            assertThat(Instant.parse(last.getString("estimatedStart")))
                    .isAfter(Instant.now().minusSeconds(60));
            assertThat(last.getInteger("priority")).isZero();
        }
    }
}
