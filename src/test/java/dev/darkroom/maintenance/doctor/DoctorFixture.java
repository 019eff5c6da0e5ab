package dev.darkroom.maintenance.doctor;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.TestDirectories;
import dev.darkroom.testing.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Creates tables without constraints, so that tests can insert violations, and fills them with consistent rows before each test. */
final class DoctorFixture implements BeforeEachCallback, AfterAllCallback {
    static final String COMPLETE = id(1);
    static final String FAILED = id(2);
    static final String WAITING = id(3);
    static final String RUNNING = id(4);
    static final String NODE = id(9);
    static final String KEY = "00/" + id(7) + ".png";
    static final String PROMPT = "a lighthouse";

    final DatabaseUrl url = TestPostgres.migratedDatabase();
    final Path images;
    final Settings settings;

    DoctorFixture() {
        try {
            images = Files.createTempDirectory("darkroom-doctor");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        settings = SettingsLoader.load(Map.of("DARKROOM_IMAGE_DIR", images.toString()), Path.of("/nowhere/at/all"))
                .settings();
        DatabaseMigrator.migrate(url, settings.database());
        execute("""
                DO $$ DECLARE each record; BEGIN
                  FOR each IN SELECT conrelid::regclass AS relation, conname FROM pg_constraint
                    WHERE connamespace = 'public'::regnamespace AND contype <> 'n' AND conparentid = 0 AND conrelid::regclass::text <> 'flyway_schema_history'
                    ORDER BY contype = 'p' LOOP
                    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', each.relation, each.conname);
                  END LOOP;
                  DROP INDEX generation_attempts_one_success;
                END $$""");
    }

    private static String databaseId(DatabaseUrl url) {
        return TestPostgres.query(url, "SELECT id FROM installation").get(0);
    }

    static String id(int n) {
        return "0199b1d0-0000-7000-8000-00000000000" + n;
    }

    DoctorReport runDoctor() {
        return runDoctor(true);
    }

    DoctorReport runDoctor(boolean deep) {
        return DatabaseInvariants.runDoctor(url, settings, new DatabaseDoctor.Options(deep, Duration.ofSeconds(30)));
    }

    void execute(String... sql) {
        TestPostgres.execute(url, sql);
    }

    void write(String key, String content, Duration age) {
        try {
            Path file = images.resolve(key);
            Files.createDirectories(file.getParent());
            Files.writeString(file, content);
            Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(age)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void beforeEach(ExtensionContext test) throws IOException {
        TestDirectories.delete(images);
        Files.createDirectories(images);
        write(KEY, "content", Duration.ofDays(1));
        write(".darkroom", databaseId(url), Duration.ofDays(1));
        execute(
                "TRUNCATE images, callback_jobs, generation_attempt_purges, generation_retries, generation_attempts, generation_queue, generations, nodes, notifications,"
                        + " user_streams, subscriber_cursors, webhooks, webhook_deliveries, webhook_attempts, webhook_queue, generation_webhook_urls",
                "UPDATE notification_history_start SET started_at = now() - interval '100 s'",
                "INSERT INTO user_streams (user_id, last_seq, acked_seq) VALUES ('mary', 3, 2)",
                "INSERT INTO subscriber_cursors VALUES ('mary', 'phone', 2)",
                notification(2, COMPLETE, "COMPLETE"),
                notification(3, FAILED, "FAILED"),
                "INSERT INTO nodes VALUES ('" + NODE
                        + "', 'here', 'test', now() - interval '1 h', now() + interval '1 h')",
                generation(COMPLETE, "COMPLETE", 1),
                attempt(COMPLETE, 1, "RETRYABLE", true, 100),
                attempt(COMPLETE, 2, "SUCCEEDED", true, 90),
                "INSERT INTO images VALUES ('" + id(7) + "', '" + COMPLETE + "', 0, 'image/png', 64, 64, 7,"
                        + " encode(sha256('content'), 'hex'), '" + KEY + "')",
                generation(FAILED, "FAILED", 1),
                attempt(FAILED, 1, "PERMANENT", true, 100),
                generation(WAITING, "PENDING", 2),
                attempt(WAITING, 1, "RETRYABLE", true, 100),
                attempt(WAITING, 2, "LOST", false, 90),
                "INSERT INTO generation_queue (generation_id, user_id, route, run_at, deadline, counted_failures,"
                        + " lost_attempts, lease_token) VALUES ('" + WAITING + "', 'mary', 'default', now(),"
                        + " now() + interval '10 min', 1, 1, 2)",
                generation(RUNNING, "PENDING", 1),
                attempt(RUNNING, 1, "RETRYABLE", true, 100),
                "INSERT INTO generation_queue (generation_id, user_id, route, run_at, deadline, counted_failures, lease_owner,"
                        + " lease_token, attempt_started_at, attempt_deadline, attempt_backend, attempt_selection) VALUES ('"
                        + RUNNING
                        + "', 'mary', 'default', now(), now() + interval '10 min', 1, '" + NODE
                        + "', 2, now() - interval '1 min', now() + interval '1 min', 'default', 'ONLY')");
    }

    /** Returns statements that insert a delivery with two attempts, the second of which succeeded, followed by {@code statement}. */
    static String[] delivery(String statement) {
        return new String[] {
            "INSERT INTO webhooks (id, user_id, url, event_types, format, secret) VALUES ('" + id(5)
                    + "', 'mary', 'https://hooks.example.org/', '{*}', 'STANDARD', 'x')",
            "INSERT INTO webhook_deliveries (id, webhook_id, user_id, notification_id, type, format, body, status, attempts, ended_at)"
                    + " SELECT '" + id(6) + "', '" + id(5)
                    + "', 'mary', id, type, 'STANDARD', '{}', 'DELIVERED', 2, now()"
                    + " FROM notifications WHERE seq = 3",
            "INSERT INTO webhook_attempts VALUES ('" + id(6) + "', 1, 1, '" + NODE
                    + "', now(), now(), 'FAILED', 500, 'HTTP_500', now())",
            "INSERT INTO webhook_attempts VALUES ('" + id(6) + "', 2, 2, '" + NODE
                    + "', now(), now(), 'DELIVERED', 204, NULL, NULL)",
            statement
        };
    }

    @Override
    public void afterAll(ExtensionContext testClass) {
        TestDirectories.delete(images);
    }

    private static String generation(String id, String status, int failedAttempts) {
        boolean failed = status.equals("FAILED");
        return "INSERT INTO generations (id, user_id, status, prompt, width, height, image_count, seed, failed_attempts,"
                + " error_code, error_class, error_message, error_retryable, created_at, completed_at) VALUES ('" + id
                + "', 'mary', '" + status + "', '" + PROMPT + "', 64, 64, 1, 7, " + failedAttempts + ", "
                + (failed ? "'MODERATED', 'MODERATED', 'Refused.', false" : "NULL, NULL, NULL, NULL")
                + ", now() - interval '200 s', "
                + (status.equals("PENDING") ? "NULL" : "now() - interval '80 s'") + ")";
    }

    /** Returns a statement that inserts a notification. Number 1 is missing in the fixture, as if deleted by retention. */
    static String notification(int seq, String generation, String status) {
        return "INSERT INTO notifications (user_id, seq, id, type, generation_id, data) VALUES ('mary', " + seq
                + ", gen_random_uuid(), 'generation.ended', '" + generation + "', '{\"status\": \"" + status + "\"}')";
    }

    /** Returns a statement that inserts an attempt that took 5 s and ended {@code secondsAgo} s ago. */
    static String attempt(String generation, int number, String outcome, boolean counted, int secondsAgo) {
        boolean succeeded = outcome.equals("SUCCEEDED");
        return "INSERT INTO generation_attempts VALUES ('" + generation + "', " + number + ", " + number + ", '" + NODE
                + "', 'default', 'ONLY', now() - interval '" + (secondsAgo + 5) + " s', now() - interval '" + secondsAgo
                + " s', '" + outcome + "', " + counted + ", "
                + (succeeded
                        ? "NULL, NULL, NULL, NULL, NULL"
                        : "'SERVER_ERROR', 'SERVER_ERROR', 'It failed.', 500, NULL")
                + ")";
    }
}
