package dev.darkroom.generation.store;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static dev.darkroom.generation.store.GenerationDatabaseFixture.storedImages;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Vertx;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Two versions side by side, as they are for a while in every deploy: the old one on the tables of the new one. */
@Tag("database")
class RollingDeployTest {
    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private final VersionOneStatements old = new VersionOneStatements(queue.database);

    @Test
    void theOldVersionGoesOnWithEverythingItDoes() {
        // given
        old.join();
        UUID retried = old.submit();
        UUID failing = old.submit();
        UUID released = old.submit();

        // then
        assertThat(old.heartbeat()).isTrue();
        assertThat(old.claim(10)).containsExactlyInAnyOrder(retried, failing, released);
        assertThat(old.findHeld()).hasSize(3);
        assertThat(old.retry(retried, 1)).isTrue();
        assertThat(old.fail(failing, 1)).isTrue();
        assertThat(old.release(released, 1)).isTrue();
        assertThat(old.claim(10)).containsExactlyInAnyOrder(retried, released);
        assertThat(old.complete(retried, 1)).as("an old token").isFalse();
        assertThat(old.complete(retried, 2)).isTrue();
        assertThat(old.complete(released, 2)).isTrue();
        assertThat(old.isFound(retried)).isTrue();
        assertThat(queue.findViolations()).isEmpty();
        old.leave();
    }

    @Test
    void eachVersionTakesUpWhatTheOtherBegan() {
        // given
        old.join();
        UUID node = queue.insertNode();
        UUID fromOld = old.submit();

        // then: accepted by the old one, done by the new one
        GenerationLease generationLease = queue.claim(node, 1).get(0);
        assertThat(generationLease.generationId()).isEqualTo(fromOld);
        assertThat(await(queue.leaseStore.complete(generationLease, storedImages(1))))
                .isPresent();

        // then: accepted by the new one, lost by the old one, done by the new one
        UUID fromNew = queue.submit();
        assertThat(old.claim(1)).containsExactly(fromNew);
        queue.expireNode(old.node);
        assertThat(await(queue.leaseStore.findAbandoned(Duration.ZERO, 10)))
                .singleElement()
                .satisfies(found ->
                        assertThat(found.generationLease().generationId()).isEqualTo(fromNew));

        // then: lost by the new one, found by the old one
        queue.execute("UPDATE generation_queue SET lease_owner = '" + node + "'");
        queue.expireNode(node);
        assertThat(old.findAbandoned()).containsExactly(fromNew);

        // then: overdue
        queue.execute(
                "UPDATE generation_queue SET lease_owner = NULL, attempt_started_at = NULL, attempt_deadline = NULL,"
                        + " attempt_backend = NULL, deadline = now()");
        assertThat(old.findOverdue()).containsExactly(fromNew);
        assertThat(old.expire(fromNew)).isTrue();
        assertThat(queue.findViolations()).isEmpty();
    }

    @Test
    void noStatementMindsThatALaterVersionAddsColumns() {
        // given: statements that are prepared on every connection
        live();

        // when
        for (String table : GenerationDatabaseFixture.TABLES) {
            queue.execute("ALTER TABLE " + table + " ADD COLUMN of_a_later_version integer");
        }

        // then
        try {
            live();
        } finally {
            for (String table : GenerationDatabaseFixture.TABLES) {
                queue.execute("ALTER TABLE " + table + " DROP COLUMN of_a_later_version");
            }
        }
    }

    /** Everything that a generation goes through, often enough for every connection to know its statements. */
    private static void live() {
        for (int i = 0; i < 40; i++) {
            UUID node = queue.insertNode();
            UUID id = queue.submit();
            GenerationLease first = queue.claim(node, 1).get(0);
            assertThat(await(queue.leaseStore.findHeld(node, Duration.ZERO))).hasSize(1);
            await(queue.leaseStore.retry(
                    first, AttemptOutcome.RETRYABLE, true, TestFailures.SERVER_ERROR, Duration.ZERO));
            GenerationLease second = queue.claim(node, 1).get(0);
            assertThat(await(queue.leaseStore.release(second))).isTrue();
            assertThat(await(queue.leaseStore.findAbandoned(Duration.ZERO, 10))).isEmpty();
            assertThat(await(queue.leaseStore.findOverdue(10))).isEmpty();
            await(queue.leaseStore.complete(queue.claim(node, 1).get(0), storedImages(1)));
            assertThat(await(queue.generationStore.find(id, "local"))).isPresent();
            UUID picture =
                    UUID.fromString(queue.queryValue("SELECT id FROM images WHERE generation_id = '" + id + "'"));
            assertThat(await(queue.generationStore.findImage(picture, "local"))).isPresent();
        }
    }

    @Test
    void theOldVersionStartsAgainOnTheNewTables(@TempDir Path scripts) throws Exception {
        // given: all that it knows are its own scripts
        try (InputStream script = RollingDeployTest.class.getResourceAsStream("/db/migration/V1__generations.sql")) {
            Files.copy(script, scripts.resolve("V1__generations.sql"));
        }

        // then
        assertThatCode(() -> flyway(queue.url)
                        .locations("filesystem:" + scripts)
                        .load()
                        .migrate())
                .doesNotThrowAnyException();
    }

    @Test
    void aMigrationUnderLoadCostsNobodyAnything() throws Exception {
        // given: two processes of the old version at work on the old tables
        DatabaseUrl url = TestPostgres.newDatabase();
        flyway(url).locations("classpath:db/migration").target("1").load().migrate();
        Vertx vertx = Vertx.vertx();
        Settings settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests().database(url).environment(), Path.of("/nowhere/at/all"))
                .settings();
        Database database = Database.open(vertx, url, settings.database());
        AtomicBoolean enough = new AtomicBoolean();
        AtomicInteger done = new AtomicInteger();
        ExecutorService processes = Executors.newFixedThreadPool(2);
        List<Future<?>> work = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            VersionOneStatements process = new VersionOneStatements(database);
            process.join();
            work.add(processes.submit(() -> {
                while (!enough.get()) {
                    process.submit();
                    process.claim(2)
                            .forEach(id -> assertThat(process.complete(id, 1)).isTrue());
                    done.incrementAndGet();
                }
            }));
        }
        Awaitility.await("at work").until(() -> done.get() > 20);

        // when
        DatabaseMigrator.migrate(url, settings.database());
        int before = done.get();

        // then: nothing of what they do has failed
        Awaitility.await("still at work").until(() -> done.get() > before + 20);
        enough.set(true);
        for (Future<?> each : work) {
            each.get();
        }
        assertThat(TestPostgres.query(url, "SELECT count(*) FROM generations WHERE status = 'COMPLETE'"))
                .isNotEqualTo(List.of("0"));
        processes.shutdown();
        await(database.close());
        await(vertx.close());
    }

    private static FluentConfiguration flyway(DatabaseUrl url) {
        return Flyway.configure(DatabaseMigrator.class.getClassLoader())
                .dataSource(url.jdbcUrl(), url.user(), url.password().value());
    }
}
