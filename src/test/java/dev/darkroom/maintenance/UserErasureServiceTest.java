package dev.darkroom.maintenance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.InboundSettings;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.eventbus.CommandCodec;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.eventbus.RejectionReason;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageFormat;
import dev.darkroom.image.TestImages;
import dev.darkroom.image.local.LocalImageStore;
import dev.darkroom.image.store.ImageKeyFactory;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreOwner;
import dev.darkroom.image.store.ImageStoreStub;
import dev.darkroom.task.PeriodicTaskVerticle;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import dev.darkroom.upload.Upload;
import dev.darkroom.upload.UploadCommand;
import dev.darkroom.upload.UploadCommandVerticle;
import dev.darkroom.upload.UploadStore;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Tests erasures in a database and an image directory without a running service. */
@Tag("database")
@Execution(ExecutionMode.CONCURRENT)
class UserErasureServiceTest {
    private static final String COUNT = "SELECT count(*) FROM ";

    @TempDir
    Path directory;

    private final Vertx vertx = Vertx.vertx();
    private final DatabaseUrl url = TestPostgres.migratedDatabase();
    private Database database;
    private NotifyChannel notifyChannel;
    private LocalImageStore images;
    private UserErasureService erasure;
    private InboundSettings.InputImages inputImages;

    @BeforeEach
    void open() {
        Settings settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests().database(url).environment(), Path.of("/nowhere/at/all"))
                .settings();
        inputImages = settings.inputImages();
        database = Database.open(vertx, url, settings.database());
        notifyChannel = NotifyChannel.open(vertx, url, settings.database());
        images = get(LocalImageStore.open(
                vertx, directory.resolve("images"), ImageStoreOwner.withoutImages(UUID.randomUUID())));
        erasure = new UserErasureService(vertx, database, notifyChannel, images);
    }

    @AfterEach
    void close() {
        get(images.close());
        get(notifyChannel.close());
        get(database.close());
        get(vertx.close());
    }

    private static <T> T get(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(120, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    private void execute(String... sql) {
        TestPostgres.execute(url, sql);
    }

    private String value(String sql) {
        return TestPostgres.query(url, sql).get(0);
    }

    private void insertGenerations(String user, int count) {
        execute(
                "INSERT INTO generations (id, user_id, prompt, width, height, image_count, seed) SELECT gen_random_uuid(), '"
                        + user + "', 'a lighthouse', 64, 64, 2, 7 FROM generate_series(1, " + count + ")",
                "INSERT INTO generation_queue (generation_id, user_id, route, deadline)"
                        + " SELECT id, user_id, 'default', now() + interval '1 hour' FROM generations g"
                        + " WHERE NOT EXISTS (SELECT FROM generation_queue q WHERE q.generation_id = g.id)");
    }

    private UUID singleGenerationId() {
        return UUID.fromString(value("SELECT id FROM generations"));
    }

    /** Inserts a node that expires after {@code ttl}, and leases every queued generation to it. */
    private UUID claimAll(String ttl) {
        UUID node = UUID.randomUUID();
        execute(
                "INSERT INTO nodes (id, host, version, expires_at) VALUES ('" + node
                        + "', 'test', 'test', now() + interval '" + ttl + "')",
                "UPDATE generation_queue SET lease_owner = '" + node + "', lease_token = lease_token + 1,"
                        + " attempt_started_at = now(), attempt_deadline = now() + interval '2 min', attempt_backend = 'default', attempt_selection = 'ONLY'"
                        + " WHERE lease_owner IS NULL");
        return node;
    }

    private Path writeFile(UUID generation, UUID node, long token, int position, ImageFormat format)
            throws IOException {
        Path file = directory
                .resolve("images")
                .resolve(
                        ImageKeyFactory.createKey(ImageKeyFactory.createId(generation, node, token, position), format));
        Files.createDirectories(file.getParent());
        return Files.writeString(file, "an image");
    }

    private void awaitFinished() {
        await("the end of the erasure")
                .atMost(Duration.ofSeconds(60))
                .until(() -> value(COUNT + "user_erasures").equals("0"));
    }

    @Test
    void completesAnErasureOfAKilledProcess() throws Exception {
        // given a request, remaining rows, and an image and an attempt that an earlier pass recorded
        UUID generation = UUID.randomUUID();
        UUID killedNode = UUID.randomUUID();
        Path imageFile = writeFile(generation, killedNode, 1, 0, ImageFormat.PNG);
        Path attemptFile = writeFile(generation, killedNode, 2, 1, ImageFormat.WEBP);
        execute(
                "INSERT INTO user_erasures VALUES ('alice', now() - interval '10 s')",
                "INSERT INTO erased_images VALUES ('"
                        + directory.resolve("images").relativize(imageFile) + "', 'alice')",
                "INSERT INTO erased_attempts VALUES ('" + generation + "', 2, '" + killedNode + "', 'alice', 2)");
        insertGenerations("alice", 3);
        insertGenerations("bob", 1);

        // when
        get(vertx.deployVerticle(new PeriodicTaskVerticle(List.of(erasure.resumeTask()))));

        // then
        awaitFinished();
        assertThat(value("SELECT string_agg(user_id, ' ') FROM generations")).isEqualTo("bob");
        assertThat(value(COUNT + "erased_images")).isEqualTo("0");
        assertThat(value(COUNT + "erased_attempts")).isEqualTo("0");
        assertThat(imageFile).doesNotExist();
        assertThat(attemptFile).doesNotExist();
    }

    @Test
    void failedErasureDoesNotPreventOthers() throws Exception {
        // given an erasure whose file cannot be deleted, because it is a directory that is not empty
        Path stuck = Files.createDirectories(directory.resolve("images/00/stuck.png/inside"));
        execute(
                "INSERT INTO user_erasures VALUES ('alice', now() - interval '20 s'), ('bob', now() - interval '10 s')",
                "INSERT INTO erased_images VALUES ('00/stuck.png', 'alice')");
        insertGenerations("bob", 1);

        // when
        get(vertx.deployVerticle(new PeriodicTaskVerticle(List.of(erasure.resumeTask()))));

        // then
        await().atMost(Duration.ofSeconds(60))
                .until(() -> value("SELECT string_agg(user_id, ' ') FROM user_erasures")
                        .equals("alice"));
        assertThat(value(COUNT + "generations")).isEqualTo("0");

        // when
        Files.delete(stuck);

        // then
        awaitFinished();
        assertThat(stuck.getParent()).doesNotExist();
    }

    @Test
    void erasesMoreRowsThanOneBatch() {
        // given
        insertGenerations("alice", 1_201);
        insertGenerations("bob", 2);
        for (String user : List.of("alice", "bob")) {
            execute(
                    "INSERT INTO notifications (user_id, seq, id, type, data) SELECT '" + user
                            + "', n, gen_random_uuid(), 'generation.completed', '{}' FROM generate_series(1, 1100) n",
                    "INSERT INTO event_outbox (user_id, event) SELECT '" + user
                            + "', '{}' FROM generate_series(1, 1100) n",
                    "INSERT INTO idempotency_keys (user_id, key, fingerprint, generation_id) SELECT '" + user
                            + "', n::text, 'f', gen_random_uuid() FROM generate_series(1, 1100) n",
                    "INSERT INTO subscriber_cursors (user_id, subscriber, acked_seq) SELECT '" + user
                            + "', n::text, 0 FROM generate_series(1, 1100) n",
                    "INSERT INTO webhook_deliveries (url, user_id, notification_id, type, format, body) SELECT"
                            + " 'http://127.0.0.1/', '" + user
                            + "', gen_random_uuid(), 'generation.completed', 'STANDARD', 'x' FROM generate_series(1, 1100) n",
                    "INSERT INTO webhook_queue (delivery_id, partition_key, user_id) SELECT id, gen_random_uuid(), user_id"
                            + " FROM webhook_deliveries WHERE user_id = '" + user + "'");
        }

        // when
        get(erasure.request("alice"));
        get(erasure.complete("alice"));

        // then
        assertThat(value(COUNT + "user_erasures")).isEqualTo("0");
        for (String table : List.of("generations", "generation_queue")) {
            assertThat(value(COUNT + table)).as(table).isEqualTo("2");
        }
        for (String table : List.of(
                "notifications",
                "event_outbox",
                "idempotency_keys",
                "subscriber_cursors",
                "webhook_deliveries",
                "webhook_queue")) {
            assertThat(value(COUNT + table)).as(table).isEqualTo("1100");
            assertThat(value(COUNT + table + " WHERE user_id = 'alice'"))
                    .as(table)
                    .isEqualTo("0");
        }
    }

    @Test
    void waitsForRunningAttemptsAndDeletesTheirFiles() throws Exception {
        // given a running attempt of a live node, which has written a file without a row
        insertGenerations("alice", 1);
        UUID generation = singleGenerationId();
        UUID node = claimAll("1 hour");
        Path written = writeFile(generation, node, 1, 0, ImageFormat.JPEG);
        get(erasure.request("alice"));

        // then the erasure is not finished, although the rows are deleted
        assertThat(get(erasure.erase("alice", Duration.ofMillis(1)))).isFalse();
        assertThat(get(erasure.erase("alice", Duration.ofMillis(500)))).isFalse();
        assertThat(value(COUNT + "generations")).isEqualTo("0");
        execute("UPDATE user_erasures SET requested_at = now() - interval '1 hour'");
        get(erasure.runPass("alice"));
        assertThat(value(COUNT + "user_erasures")).isEqualTo("1");

        // when the node writes another file and then records the end of the attempt
        Path late = writeFile(generation, node, 1, 1, ImageFormat.PNG);
        execute("UPDATE erased_attempts SET ended = true");

        // then
        assertThat(get(erasure.erase("alice", Duration.ofSeconds(60)))).isTrue();
        assertThat(written).doesNotExist();
        assertThat(late).doesNotExist();
        assertThat(value(COUNT + "user_erasures")).isEqualTo("0");
    }

    @Test
    void spendsTheReservationsOfRunningAttemptsAndKeepsTheirCostWithoutTheUser() {
        // given a submission whose cost is reserved on the budgets of the user and of the AI server
        insertGenerations("alice", 2);
        claimAll("-1 hour");
        execute(
                "INSERT INTO budgets (scope, owner, period, starts_on, spent_micros, reserved_micros) VALUES"
                        + " ('USER', 'alice', 'DAY', now()::date, 5, 80), ('BACKEND', 'default', 'DAY', now()::date, 5, 80)",
                "UPDATE generation_queue SET attempt_cost = 40, reserved_budgets = ARRAY(SELECT id FROM budgets)");

        // when
        get(erasure.request("alice"));
        get(erasure.complete("alice"));

        // then
        assertThat(
                        value(
                                "SELECT string_agg(concat_ws(' ', scope, owner, spent_micros, reserved_micros), ', ') FROM budgets"))
                .isEqualTo("BACKEND default 85 0");
        assertThat(value("SELECT string_agg(concat_ws(' ', user_id, submissions, cost_micros), ', ') FROM usage_days"))
                .isEqualTo(" 2 80");
    }

    @Test
    void uploadThatIsStoredSlowlyDoesNotOutliveTheErasure() {
        // given an upload of each user, whose files are written and not confirmed
        Promise<Void> confirmed = Promise.promise();
        List<String> written = new CopyOnWriteArrayList<>();
        ImageStore slow = new ImageStoreStub() {
            @Override
            public Future<Void> put(String key, Image image) {
                return images.put(key, image).compose(done -> {
                    written.add(key);
                    return confirmed.future();
                });
            }

            @Override
            public Future<Void> delete(String key) {
                return images.delete(key);
            }
        };
        get(vertx.deployVerticle(new UploadCommandVerticle(new UploadStore(database, inputImages), slow)));
        Future<Message<CommandReply<Upload>>> ofAlice = upload("alice");
        Future<Message<CommandReply<Upload>>> ofBob = upload("bob");
        await().atMost(Duration.ofSeconds(60)).until(() -> written.size() == 2);

        // when the erasure begins and ends meanwhile
        execute("INSERT INTO user_erasures VALUES ('alice', now() - interval '10 s')");
        get(erasure.complete("alice"));
        confirmed.complete();

        // then
        assertThat(get(ofAlice).body())
                .isInstanceOfSatisfying(
                        CommandReply.Rejected.class,
                        rejected -> assertThat(rejected.reason()).isEqualTo(RejectionReason.UNAVAILABLE));
        assertThat(get(ofBob).body()).isInstanceOf(CommandReply.Completed.class);
        assertThat(value("SELECT string_agg(user_id, ' ') FROM uploads")).isEqualTo("bob");
        assertThat(value(COUNT + "discarded_images"))
                .as("deleted after a crash too")
                .isEqualTo("1");
        await().atMost(Duration.ofSeconds(60))
                .until(() -> written.stream()
                                .filter(key ->
                                        Files.exists(directory.resolve("images").resolve(key)))
                                .count()
                        == 1);
        assertThat(value(COUNT + "pending_uploads")).isEqualTo("0");
    }

    @Test
    void erasureWaitsForTheInsertOfAnUpload() throws Exception {
        // given an uncommitted transaction that inserts an upload
        execute("INSERT INTO pending_uploads VALUES (gen_random_uuid(), 'alice')");
        try (Connection connection = DriverManager.getConnection(
                        url.jdbcUrl(), url.user(), url.password().value());
                Statement inserting = connection.createStatement()) {
            connection.setAutoCommit(false);
            inserting.execute("DELETE FROM pending_uploads");
            inserting.execute(
                    "INSERT INTO uploads (id, user_id, media_type, width, height, bytes, sha256, storage_key, expires_at)"
                            + " VALUES (gen_random_uuid(), 'alice', 'image/png', 1, 1, 1, '', '00/none.png', now() + interval '1 hour')");
            execute("INSERT INTO user_erasures VALUES ('alice', now() - interval '10 s')");

            // when
            Future<Void> erased = erasure.complete("alice");
            awaitLockWaiter();
            connection.commit();

            // then
            get(erased);
        }
        assertThat(value(COUNT + "uploads")).isEqualTo("0");
    }

    private Future<Message<CommandReply<Upload>>> upload(String user) {
        return vertx.eventBus()
                .request(
                        UploadCommand.ADDRESS,
                        new UploadCommand.CreateUpload(user, "image/png", Buffer.buffer(TestImages.png(64, 64))),
                        new DeliveryOptions()
                                .setCodecName(CommandCodec.NAME)
                                .setLocalOnly(true)
                                .setSendTimeout(120_000));
    }

    private void awaitLockWaiter() {
        await("a statement that waits for a row")
                .atMost(Duration.ofSeconds(60))
                .until(() -> !value(
                                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '"
                                        + url.database() + "'")
                        .equals("0"));
    }

    @Test
    void deletesFilesOfKilledProcesses() throws Exception {
        // given a recorded lost attempt, and a lease of an expired node
        insertGenerations("alice", 1);
        UUID generation = singleGenerationId();
        UUID first = claimAll("-1 hour");
        execute(
                "INSERT INTO generation_attempts (generation_id, number, lease_token, node_id, backend, selection, started_at, finished_at,"
                        + " outcome, counted, error_code) SELECT generation_id, 1, lease_token, lease_owner, 'default', 'ONLY',"
                        + " attempt_started_at, now(), 'LOST', false, 'LOST' FROM generation_queue",
                "UPDATE generation_queue SET lease_owner = NULL, attempt_started_at = NULL, attempt_deadline = NULL,"
                        + " attempt_backend = NULL, attempt_selection = NULL");
        UUID second = claimAll("-1 hour");
        List<Path> files = List.of(
                writeFile(generation, first, 1, 0, ImageFormat.PNG),
                writeFile(generation, first, 1, 1, ImageFormat.JPEG),
                writeFile(generation, second, 2, 0, ImageFormat.WEBP));
        Path others = writeFile(UUID.randomUUID(), first, 1, 0, ImageFormat.PNG);

        // when
        get(erasure.request("alice"));

        // then
        assertThat(get(erasure.erase("alice", Duration.ofSeconds(60)))).isTrue();
        assertThat(files).allSatisfy(file -> assertThat(file).doesNotExist());
        assertThat(others).exists();
    }

    @Test
    void repeatsABatchThatConflictsWithARecordedAttempt() throws Exception {
        // given an uncommitted transaction that ends an attempt
        insertGenerations("alice", 1);
        claimAll("1 hour");
        try (Connection connection = DriverManager.getConnection(
                        url.jdbcUrl(), url.user(), url.password().value());
                Statement recording = connection.createStatement()) {
            connection.setAutoCommit(false);
            recording.execute(
                    "INSERT INTO generation_attempts (generation_id, number, lease_token, node_id, backend, selection, started_at, finished_at,"
                            + " outcome, counted) SELECT generation_id, 1, lease_token, lease_owner, 'default', 'ONLY',"
                            + " attempt_started_at, now(), 'SUCCEEDED', true FROM generation_queue");
            recording.execute("DELETE FROM generation_queue");
            get(erasure.request("alice"));

            // when
            Future<Void> erased = erasure.complete("alice");
            awaitLockWaiter();
            connection.commit();

            // then
            get(erased);
        }
        assertThat(value(COUNT + "generations")).isEqualTo("0");
        assertThat(value(COUNT + "user_erasures")).isEqualTo("0");
    }

    @Test
    void failsAfterTenFailedPassesAndKeepsTheRequest() throws Exception {
        // given
        Files.createDirectories(directory.resolve("images/00/stuck.png/inside"));
        execute("INSERT INTO erased_images VALUES ('00/stuck.png', 'alice')");
        get(erasure.request("alice"));

        // then
        assertThatThrownBy(() -> get(erasure.complete("alice"))).hasMessageContaining("stuck.png");
        assertThat(value(COUNT + "user_erasures")).isEqualTo("1");
    }
}
