package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.InProcessDarkroom;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.AiServer;
import dev.darkroom.testing.Darkroom;
import dev.darkroom.testing.DarkroomSettings;
import dev.darkroom.testing.Invariants;
import dev.darkroom.testing.PgBouncer;
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

/** Behind PgBouncer in transaction mode. */
@Tag("pgbouncer")
@Timeout(300)
class PgBouncerIT {
    private static final int GENERATIONS = 60;

    @TempDir
    Path directory;

    private Darkroom service(
            String name, DatabaseUrl pooled, DatabaseUrl direct, AiServer aiServer, String concurrency) {
        assertThat(directory.resolve(name).toFile().mkdir()).isTrue();
        return InProcessDarkroom.start(
                directory.resolve(name),
                DarkroomSettings.quick()
                        .database(pooled)
                        .with("DARKROOM_DATABASE_DIRECT_URL", DarkroomSettings.text(direct))
                        .aiServer(aiServer)
                        // What wakes the worker is a hint or nothing.
                        .with("DARKROOM_WORKER_POLL", "1h")
                        .with("DARKROOM_WORKER_CONCURRENCY", concurrency)
                        .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString()));
    }

    @Test
    void twoProcessesShareTheWorkAndHearOfIt() throws Exception {
        // given: one takes requests, the other does the work, and they share two sessions
        DatabaseUrl direct = TestPostgres.migratedDatabase();
        Path own = directory.resolve("pgbouncer");
        assertThat(own.toFile().mkdir()).isTrue();
        try (PgBouncer bouncer = new PgBouncer(direct, own);
                AiServer aiServer = new AiServer(Duration.ofMillis(20));
                Darkroom front = service("front", bouncer.url(), direct, aiServer, "0");
                Darkroom back = service("back", bouncer.url(), direct, aiServer, "8")) {
            aiServer.script(new JsonObject().put("status", 500), new JsonObject().put("status", 503));

            // when
            List<String> ids = new ArrayList<>();
            for (int i = 0; i < GENERATIONS; i++) {
                ids.add(front.client()
                        .create(new JsonObject().put("prompt", "A pier, no. " + i))
                        .getString("id"));
            }

            // then
            for (String id : ids) {
                assertThat(back.client().awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
            }
            Invariants.check(direct, directory.resolve("images"));
            assertThat(front.log()).noneMatch(line -> line.contains(" ERROR "));
            assertThat(back.log()).noneMatch(line -> line.contains(" ERROR "));
        }
    }
}
