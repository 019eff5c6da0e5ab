package dev.darkroom.chaos;

import static dev.darkroom.testing.DarkroomInstanceProcess.SHARED_BINARIES;
import static dev.darkroom.testing.TestPostgres.query;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.database.embedded.EmbeddedDatabase;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a process with {@code kill -9} while ten generations are pending. Another process, or a restart on the embedded
 * database, completes them.
 */
@Tag("chaos")
@Tag("database")
@Timeout(120)
class CrashRecoveryIT {
    /** Concurrent attempts of one process, by default. */
    private static final int CONCURRENCY = 4;

    @TempDir
    Path directory;

    private InProcessSimulator inProcessSimulator;

    @BeforeEach
    void start() {
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(500));
    }

    @AfterEach
    void stop() {
        inProcessSimulator.close();
    }

    @Test
    void otherProcessCompletesAll() {
        // given
        delayFirstSubmissions("4s", 2 * CONCURRENCY);
        DatabaseUrl database = TestPostgres.newDatabase();
        DarkroomInstanceSettings settings = settings().database(database);
        try (DarkroomInstanceProcess killed = start(settings);
                DarkroomInstanceProcess survivor = start(settings)) {
            List<String> ids = createTen(killed.client());
            awaitSubmissions(2 * CONCURRENCY);

            // when
            killed.kill();

            // then
            assertAllComplete(survivor.client(), ids);
            assertLostUncounted(database);
            DatabaseInvariants.assertNoViolations(database, directory.resolve("data/images"));
        }
    }

    @Test
    void restartOnEmbeddedDatabaseCompletesAll() {
        // given
        delayFirstSubmissions("1m", CONCURRENCY);
        List<String> ids;
        try (DarkroomInstanceProcess killed = start(settings())) {
            ids = createTen(killed.client());
            awaitSubmissions(CONCURRENCY);

            // when
            killed.kill();
        }

        // then
        try (DarkroomInstanceProcess restarted = start(settings())) {
            assertAllComplete(restarted.client(), ids);
            DatabaseUrl database =
                    EmbeddedDatabase.findRunning(directory.resolve("data")).orElseThrow();
            assertLostUncounted(database);
            DatabaseInvariants.assertNoViolations(database, directory.resolve("data/images"));
        }
    }

    private static List<String> createTen(ApiClient client) {
        return IntStream.range(0, 10)
                .mapToObj(i -> client.create("Lighthouse number " + i))
                .toList();
    }

    /** Delays submissions, so that every process runs its maximum of concurrent attempts at the kill. */
    private void delayFirstSubmissions(String delay, int times) {
        inProcessSimulator.script(new JsonObject().put("delay", delay).put("times", times));
    }

    private void awaitSubmissions(int count) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> inProcessSimulator.recordedRequests().size() == count);
    }

    private static void assertAllComplete(ApiClient client, List<String> ids) {
        for (String id : ids) {
            JsonObject ended = client.awaitEnd(id);
            assertThat(ended.getString("status")).as(id).isEqualTo("COMPLETE");
            assertThat(ended.getJsonArray("attempts").stream()
                            .map(attempt -> ((JsonObject) attempt).getString("outcome"))
                            .filter("SUCCEEDED"::equals))
                    .as(id)
                    .hasSize(1);
        }
    }

    /** Checks that the attempts of the killed process are stored as LOST, uncounted, and were submitted again. */
    private void assertLostUncounted(DatabaseUrl database) {
        assertThat(query(
                        database,
                        "SELECT outcome || ' ' || counted FROM generation_attempts WHERE outcome <> 'SUCCEEDED'"))
                .hasSize(CONCURRENCY)
                .containsOnly("LOST false");
        assertThat(inProcessSimulator.recordedRequests()).hasSize(10 + CONCURRENCY);
        for (String id : query(database, "SELECT generation_id FROM generation_attempts WHERE outcome = 'LOST'")) {
            assertThat(inProcessSimulator.recordedRequests(id))
                    .as("with the same key")
                    .hasSize(2);
        }
    }

    private DarkroomInstanceSettings settings() {
        return DarkroomInstanceSettings.forTests().aiServer(inProcessSimulator);
    }

    private DarkroomInstanceProcess start(DarkroomInstanceSettings settings) {
        return DarkroomInstanceProcess.start(directory, settings.environment(), SHARED_BINARIES);
    }
}
