package dev.darkroom.maintenance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.image.local.LocalImageStore;
import dev.darkroom.task.PeriodicTaskVerticle;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that expired data is deleted, that other data is kept, and that the doctor finds no violations afterwards. */
@Tag("database")
class RetentionTaskTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final UUID DEAD_PROCESS = UUID.randomUUID();
    private static final Duration MONTH = Duration.ofDays(30);

    @TempDir
    Path images;

    private final Vertx vertx = Vertx.vertx();
    private final DatabaseUrl url = TestPostgres.migratedDatabase();
    private Database database;
    private LocalImageStore store;

    @BeforeEach
    void open() throws Exception {
        Settings settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests().database(url).environment(), Path.of("/nowhere/at/all"))
                .settings();
        DatabaseMigrator.migrate(url, settings.database());
        database = Database.open(vertx, url, settings.database());
        store = awaitResult(InstallationStore.readIdentity(database)
                .compose(identity -> LocalImageStore.open(vertx, images, identity)));
    }

    @AfterEach
    void close() throws Exception {
        awaitResult(vertx.close());
    }

    private static <T> T awaitResult(Future<T> future) throws Exception {
        return future.await(60, TimeUnit.SECONDS);
    }

    private String deploy(Duration ended, Duration attempts, Duration orphans) throws Exception {
        RetentionTask retention = new RetentionTask(
                vertx, database, store, new Settings.Retention(ended, attempts, orphans, Duration.ofMillis(50)), MONTH);
        return awaitResult(vertx.deployVerticle(new PeriodicTaskVerticle(List.of(retention.task()))));
    }

    /** Returns a UUIDv7 of the time {@code age} ago. */
    private static UUID idOfAge(Duration age) {
        long millis = Instant.now().minus(age).toEpochMilli();
        return new UUID(millis << 16 | 0x7000, UUID.randomUUID().getLeastSignificantBits());
    }

    /** Inserts a COMPLETE generation that ended {@code age} ago after a failed attempt, and writes its image. */
    private UUID insertComplete(Duration age) throws IOException {
        return insertComplete(idOfAge(age), age);
    }

    private UUID insertComplete(UUID id, Duration age) throws IOException {
        String ended = "now() - interval '" + age.toSeconds() + " s'";
        UUID image = UUID.randomUUID();
        String key = "00/" + image + ".png";
        writeFile(key, age);
        TestPostgres.execute(
                url,
                "INSERT INTO generations (id, user_id, status, prompt, width, height, image_count, seed, failed_attempts,"
                        + " completed_at) VALUES ('" + id + "', 'mary', 'COMPLETE', 'p', 64, 64, 1, 7, 1, " + ended
                        + ")",
                "INSERT INTO generation_attempts SELECT '" + id + "', n, n, '" + id + "', 'default', 'ONLY', " + ended
                        + " + n * interval"
                        + " '1 s', " + ended
                        + " + n * interval '1 s', CASE n WHEN 1 THEN 'RETRYABLE' ELSE 'SUCCEEDED' END, true,"
                        + " CASE n WHEN 1 THEN 'X' END, CASE n WHEN 1 THEN 'X' END, NULL, NULL, NULL FROM generate_series(1, 2) n",
                "INSERT INTO images VALUES ('" + image + "', '" + id
                        + "', 0, 'image/png', 64, 64, 1, encode(sha256('x'), 'hex'), '" + key + "')");
        return id;
    }

    private UUID insertPending(Duration age) {
        UUID id = idOfAge(age);
        TestPostgres.execute(
                url,
                "INSERT INTO generations (id, user_id, prompt, width, height, image_count, seed, created_at) VALUES ('"
                        + id + "', 'mary', 'p', 64, 64, 1, 7, now() - interval '" + age.toSeconds() + " s')",
                "INSERT INTO generation_queue (generation_id, user_id, route, deadline) VALUES ('" + id
                        + "', 'mary', 'default', now() + interval '1 h')");
        return id;
    }

    /** Inserts a callback job with a deadline {@code age} ago. */
    private UUID insertCallbackJob(UUID generation, Duration age) {
        UUID key = UUID.randomUUID();
        TestPostgres.execute(
                url,
                "INSERT INTO callback_jobs (job_key, generation_id, deadline) VALUES ('" + key + "', '" + generation
                        + "', now() - interval '" + age.toSeconds() + " s')");
        return key;
    }

    private void writeFile(String key, Duration age) throws IOException {
        Path file = images.resolve(key);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "x");
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(age)));
    }

    private long countFiles() throws IOException {
        try (var walk = Files.walk(images)) {
            return walk.filter(file -> Files.isRegularFile(file)
                            && !file.getFileName().toString().startsWith("."))
                    .count();
        }
    }

    private List<String> query(String sql) {
        return TestPostgres.query(url, sql);
    }

    @Test
    void deletesExpiredGenerationsWithTheirRowsAndFiles() throws Exception {
        // given
        insertComplete(Duration.ofDays(31));
        UUID recent = insertComplete(Duration.ofDays(29));
        insertPending(Duration.ofDays(40));

        // when
        deploy(MONTH, null, null);

        // then
        await().atMost(TIMEOUT).until(() -> query("SELECT id FROM generations").size() == 2);
        assertThat(query("SELECT id FROM generations WHERE status = 'COMPLETE'"))
                .containsExactly(recent.toString());
        assertThat(query("SELECT DISTINCT generation_id FROM generation_attempts"))
                .containsExactly(recent.toString());
        assertThat(query("SELECT generation_id FROM images")).containsExactly(recent.toString());
        await().atMost(TIMEOUT).until(() -> countFiles() == 1);
        DatabaseInvariants.assertNoViolations(url, images);
    }

    @Test
    void keepsAnOldGenerationThatEndedRecently() throws Exception {
        // given
        UUID old = idOfAge(Duration.ofDays(60));
        insertComplete(old, Duration.ofDays(1));
        insertComplete(Duration.ofDays(31));

        // when
        deploy(MONTH, null, null);

        // then
        await().atMost(TIMEOUT)
                .untilAsserted(
                        () -> assertThat(query("SELECT id FROM generations")).containsExactly(old.toString()));
    }

    @Test
    void deletesMoreRowsThanOneBatch() throws Exception {
        // given
        TestPostgres.execute(url, """
                INSERT INTO generations (id, user_id, status, prompt, width, height, image_count, seed, error_code, error_class,
                  error_message, error_retryable, completed_at)
                SELECT rpad(lpad(to_hex(n), 12, '0'), 32, '0')::uuid, 'mary', 'FAILED', 'p', 64, 64, 1, 7, 'X', 'X', 'X', false,
                  now() - interval '31 d' FROM generate_series(1, 1200) n""");

        // when
        deploy(MONTH, null, null);
        deploy(MONTH, null, null);

        // then
        await().atMost(TIMEOUT).until(() -> query("SELECT id FROM generations").isEmpty());
    }

    @Test
    void deletesExpiredAttemptsAndKeepsTheirGeneration() throws Exception {
        // given
        UUID old = insertComplete(Duration.ofDays(31));
        UUID recent = insertComplete(Duration.ofDays(29));

        // when
        deploy(null, MONTH, null);

        // then
        await().atMost(TIMEOUT)
                .untilAsserted(() -> assertThat(query("SELECT DISTINCT generation_id FROM generation_attempts"))
                        .containsExactly(recent.toString()));
        assertThat(query(
                        "SELECT failed_attempts FROM generations JOIN generation_attempt_purges ON generation_id = id WHERE id = '"
                                + old + "'"))
                .containsExactly("1");
        assertThat(countFiles()).isEqualTo(2);
        DatabaseInvariants.assertNoViolations(url, images);
    }

    @Test
    void deletesExpiredCallbackJobsOfEndedGenerations() throws Exception {
        // given
        UUID ended = insertComplete(Duration.ofDays(1));
        UUID pending = insertPending(Duration.ofDays(1));
        insertCallbackJob(ended, Duration.ofHours(2));
        UUID recent = insertCallbackJob(ended, Duration.ofMinutes(30));
        UUID stillNeeded = insertCallbackJob(pending, Duration.ofHours(2));

        // when
        deploy(null, null, null);

        // then
        await().atMost(TIMEOUT)
                .untilAsserted(() -> assertThat(query("SELECT job_key FROM callback_jobs"))
                        .containsExactlyInAnyOrder(recent.toString(), stillNeeded.toString()));
    }

    @Test
    void keepsOldBudgetsWithReservations() throws Exception {
        // given
        TestPostgres.execute(
                url,
                "INSERT INTO budgets (scope, owner, period, starts_on, reserved_micros) VALUES"
                        + " ('USER', 'a', 'DAY', now()::date - 70, 0), ('USER', 'b', 'DAY', now()::date - 70, 1),"
                        + " ('USER', 'c', 'MONTH', now()::date - 60, 0)");

        // when
        deploy(null, null, null);

        // then
        await().atMost(TIMEOUT)
                .untilAsserted(() -> assertThat(query("SELECT owner FROM budgets ORDER BY owner"))
                        .containsExactly("b", "c"));
    }

    @Test
    void deletesCallbackJobsWithTheirGeneration() throws Exception {
        // given
        insertCallbackJob(insertComplete(Duration.ofDays(31)), Duration.ZERO);

        // when
        deploy(MONTH, null, null);

        // then
        await().atMost(TIMEOUT).until(() -> query("SELECT id FROM generations").isEmpty());
        assertThat(query("SELECT job_key FROM callback_jobs")).isEmpty();
    }

    @Test
    void deletesOnlyOldImageFilesWithoutARow() throws Exception {
        // given
        insertComplete(Duration.ofDays(31));
        writeFile("11/" + UUID.randomUUID() + ".png", Duration.ofHours(3));
        String recent = "11/" + UUID.randomUUID() + ".png";
        writeFile(recent, Duration.ofHours(1));
        writeFile("README.txt", Duration.ofDays(99));
        writeFile("11/unrelated.png", Duration.ofDays(99));

        // when
        deploy(null, null, Duration.ofHours(2));

        // then
        await().atMost(TIMEOUT).until(() -> countFiles() == 4);
        assertThat(images.resolve(recent)).exists();
        assertThat(images.resolve("README.txt")).exists();
        assertThat(images.resolve("11/unrelated.png")).exists();
        DatabaseInvariants.assertNoViolations(url, images);
    }

    @Test
    void deletesNothingWhileAnotherProcessHoldsTheLock() throws Exception {
        // given
        insertComplete(Duration.ofDays(31));
        try (Connection other = DriverManager.getConnection(
                        url.jdbcUrl(), url.user(), url.password().value());
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            assertThat(tryLock(statement)).isTrue();
            RetentionStore retention = new RetentionStore(database);

            // then
            assertThat(awaitResult(retention.deleteBatch(RetentionSql.DELETE_FINISHED, MONTH, 10)))
                    .isEmpty();
            other.rollback();
            assertThat(awaitResult(retention.deleteBatch(RetentionSql.DELETE_FINISHED, MONTH, 10)))
                    .hasValueSatisfying(
                            deletedBatch -> assertThat(deletedBatch.count()).isEqualTo(1));
        }
    }

    private static boolean tryLock(Statement statement) throws SQLException {
        try (var rows = statement.executeQuery(RetentionSql.TRY_LOCK)) {
            rows.next();
            return rows.getBoolean("mine");
        }
    }

    @Test
    void deletesNothingAfterUndeploy() throws Exception {
        // given
        String id = deploy(MONTH, MONTH, MONTH);
        awaitResult(vertx.undeploy(id));

        // when
        insertComplete(Duration.ofDays(31));

        // then
        await().during(Duration.ofMillis(300))
                .atMost(TIMEOUT)
                .until(() -> query("SELECT id FROM generations").size() == 1);
    }

    @Test
    void deletesIdempotencyKeysAfter25HoursWithoutAnyRetention() throws Exception {
        // given
        TestPostgres.execute(
                url,
                "INSERT INTO idempotency_keys SELECT 'mary', 'key ' || n, 'f', gen_random_uuid(), now() - n * interval '1 h'"
                        + " FROM generate_series(0, 700) n");

        // when
        deploy(null, null, null);

        // then
        await("the deletion of old keys")
                .atMost(TIMEOUT)
                .until(() -> query("SELECT count(*) FROM idempotency_keys").equals(List.of("25")));
        assertThat(query("SELECT count(*) FROM idempotency_keys WHERE created_at < now() - interval '25 h'"))
                .containsExactly("0");
    }

    @Test
    void deletesWaitingRequestsThatNoRetryCanAttachTo() throws Exception {
        // given
        UUID live = UUID.randomUUID();
        TestPostgres.execute(
                url,
                "INSERT INTO nodes (id, host, version, expires_at, process_id) VALUES (gen_random_uuid(), 'h', 'v', now() + interval '1 h', '"
                        + live + "'), (gen_random_uuid(), 'h', 'v', now() - interval '301 s', '" + DEAD_PROCESS + "')");
        UUID waiting = insertWaitingRequest(live, "NULL");
        UUID disconnected = insertWaitingRequest(live, "now() - interval '200 s'");
        insertWaitingRequest(live, "now() - interval '301 s'");
        insertWaitingRequest(DEAD_PROCESS, "NULL");

        // when
        deploy(null, null, null);

        // then
        await("the deletion of old requests")
                .atMost(TIMEOUT)
                .until(() -> query("SELECT count(*) FROM waiting_requests").equals(List.of("2")));
        assertThat(query("SELECT generation_id FROM waiting_requests"))
                .containsExactlyInAnyOrder(waiting.toString(), disconnected.toString());
    }

    private UUID insertWaitingRequest(UUID process, String disconnectedAt) {
        UUID generation = insertPending(Duration.ofMinutes(6));
        TestPostgres.execute(
                url,
                "INSERT INTO waiting_requests VALUES ('" + generation + "', gen_random_uuid(), '" + process
                        + "', 'digest', 0, " + disconnectedAt + ")");
        return generation;
    }

    @Test
    void deletesFilesLeftByACrash() throws Exception {
        // given files whose rows were deleted
        String left = "00/" + UUID.randomUUID() + ".png";
        String inProgress = "00/" + UUID.randomUUID() + ".png";
        writeFile(left, Duration.ZERO);
        writeFile(inProgress, Duration.ZERO);
        TestPostgres.execute(
                url,
                "INSERT INTO discarded_images VALUES ('" + left + "', now() - interval '2 min'), ('" + inProgress
                        + "', now())",
                "INSERT INTO discarded_images VALUES ('00/gone.png', now() - interval '2 min')");

        // when
        deploy(null, null, null);

        // then
        await("the deletion of the files")
                .atMost(TIMEOUT)
                .until(() -> query("SELECT storage_key FROM discarded_images").equals(List.of(inProgress)));
        assertThat(countFiles()).isEqualTo(1);
    }
}
