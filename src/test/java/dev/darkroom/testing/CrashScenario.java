package dev.darkroom.testing;

import static dev.darkroom.testing.TestPostgres.query;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;

/** Ten generations, a process that is killed while it runs as many attempts as it can, and the checks of their recovery. */
public final class CrashScenario implements AutoCloseable {
    /** Default number of attempts that a process runs concurrently. */
    public static final int CONCURRENCY = 4;

    private static final int GENERATIONS = 10;

    private final Path directory;
    private final InProcessSimulator simulator = new InProcessSimulator(Duration.ofMillis(500));

    /** @param directory the directory of the processes */
    public CrashScenario(Path directory) {
        this.directory = directory;
    }

    public DarkroomInstanceSettings settings() {
        return DarkroomInstanceSettings.forTests().aiServer(simulator);
    }

    public DarkroomInstanceProcess start(DarkroomInstanceSettings settings) {
        return DarkroomInstanceProcess.start(
                directory, settings.environment(), DarkroomInstanceProcess.SHARED_BINARIES);
    }

    /** Delays the first submissions, creates the generations and waits until these submissions have arrived. Returns the ids. */
    public List<String> createWithRunningAttempts(ApiClient client, String delay, int attempts) {
        simulator.script(new JsonObject().put("delay", delay).put("times", attempts));
        List<String> ids = IntStream.range(0, GENERATIONS)
                .mapToObj(i -> client.create("Lighthouse number " + i))
                .toList();
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> simulator.recordedRequests().size() == attempts);
        return ids;
    }

    /**
     * Checks that all generations complete exactly once, and that the attempts of the killed process are recorded as lost and uncounted
     * and were submitted again with the same key.
     */
    public void assertRecovered(ApiClient client, List<String> ids, DatabaseUrl database) {
        for (String id : ids) {
            JsonObject ended = client.awaitEnd(id);
            assertThat(ended.getString("status")).as(id).isEqualTo("COMPLETE");
            assertThat(ended.getJsonArray("attempts").stream()
                            .map(attempt -> ((JsonObject) attempt).getString("outcome"))
                            .filter("SUCCEEDED"::equals))
                    .as(id)
                    .hasSize(1);
        }
        assertThat(query(
                        database,
                        "SELECT outcome || ' ' || counted FROM generation_attempts WHERE outcome <> 'SUCCEEDED'"))
                .hasSize(CONCURRENCY)
                .containsOnly("LOST false");
        assertThat(simulator.recordedRequests()).hasSize(GENERATIONS + CONCURRENCY);
        for (String id : query(database, "SELECT generation_id FROM generation_attempts WHERE outcome = 'LOST'")) {
            assertThat(simulator.recordedRequests(id)).as("with the same key").hasSize(2);
        }
        DatabaseInvariants.assertNoViolations(database, directory.resolve("data/images"));
    }

    @Override
    public void close() {
        simulator.close();
    }
}
