package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.PgBouncerProcess;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Processes behind PgBouncer in transaction mode. */
@Tag("pgbouncer")
@Timeout(300)
class PgBouncerIT {
    private static final int GENERATIONS = 60;

    @TempDir
    Path directory;

    private DarkroomInstance startNode(
            String name,
            DatabaseUrl pooled,
            DatabaseUrl direct,
            InProcessSimulator inProcessSimulator,
            int concurrency) {
        assertThat(directory.resolve(name).toFile().mkdir()).isTrue();
        return InProcessDarkroom.start(
                directory.resolve(name),
                DarkroomInstanceSettings.forTests()
                        .database(pooled)
                        .with("DARKROOM_DATABASE_DIRECT_URL", DarkroomInstanceSettings.urlOf(direct))
                        .aiServer(inProcessSimulator)
                        // Wakes the worker by database notifications alone.
                        .with("DARKROOM_WORKER_POLL_INTERVAL", "1h")
                        .workerConcurrency(concurrency)
                        .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString()));
    }

    @Test
    void sharesWorkThroughPgBouncer() throws Exception {
        // given a process for requests and a process for attempts, which share two database sessions
        DatabaseUrl direct = TestPostgres.migratedDatabase();
        Path pgBouncerDirectory = directory.resolve("pgbouncer");
        assertThat(pgBouncerDirectory.toFile().mkdir()).isTrue();
        try (PgBouncerProcess bouncer = new PgBouncerProcess(direct, pgBouncerDirectory);
                InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(20));
                DarkroomInstance apiNode = startNode("apiNode", bouncer.url(), direct, inProcessSimulator, 0);
                DarkroomInstance workerNode = startNode("workerNode", bouncer.url(), direct, inProcessSimulator, 8)) {
            inProcessSimulator.script(new JsonObject().put("status", 500), new JsonObject().put("status", 503));

            // when
            List<String> ids = new ArrayList<>();
            for (int i = 0; i < GENERATIONS; i++) {
                ids.add(apiNode.client()
                        .create(new JsonObject().put("prompt", "A pier, no. " + i))
                        .getString("id"));
            }

            // then
            for (String id : ids) {
                assertThat(workerNode.client().awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
            }
            DatabaseInvariants.assertNoViolations(direct, directory.resolve("images"));
            assertThat(apiNode.log()).noneMatch(line -> line.contains(" ERROR "));
            assertThat(workerNode.log()).noneMatch(line -> line.contains(" ERROR "));
        }
    }
}
