package dev.darkroom.e2e;

import static dev.darkroom.testing.DarkroomInstanceProcess.SHARED_BINARIES;
import static dev.darkroom.testing.TestPostgres.query;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
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
 * Kills the process with {@code kill -9} while it runs attempts. After the restart every generation completes exactly
 * once.
 */
@Tag("database")
@Timeout(300)
class CrashRestartIT {
    /** Default number of attempts that a process runs concurrently. */
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
    void completesAllGenerationsAfterRestart() {
        // given
        delayFirstSubmissions("10m", CONCURRENCY);
        DatabaseUrl database = TestPostgres.migratedDatabase();
        DarkroomInstanceSettings settings = settings().database(database);
        List<String> ids;
        try (DarkroomInstanceProcess killed = start(settings)) {
            ids = createTen(killed.client());
            awaitSubmissions(CONCURRENCY);

            // when
            killed.kill();
        }
        // Expires the lease of the killed process at once instead of after 15 s.
        TestPostgres.execute(database, "UPDATE nodes SET expires_at = now() - interval '1 second'");

        // then
        try (DarkroomInstanceProcess restarted = start(settings)) {
            assertAllComplete(restarted.client(), ids);
            assertLostUncounted(database);
            DatabaseInvariants.assertNoViolations(database, directory.resolve("data/images"));
        }
    }

    private static List<String> createTen(ApiClient client) {
        return IntStream.range(0, 10)
                .mapToObj(i -> client.create("Lighthouse number " + i))
                .toList();
    }

    /** Delays the first submissions, so that the process is killed while it runs as many attempts as it can. */
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

    /**
     * Checks that the attempts of the killed process are recorded as lost and uncounted, and were submitted once more.
     */
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
