package dev.darkroom.maintenance;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.task.PeriodicTaskVerticle;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests the deletion of expired deliveries and of deleted webhooks. */
@Tag("database")
class DeliveryRetentionTest {
    private static final Duration MONTH = Duration.ofDays(30);

    private final Vertx vertx = Vertx.vertx();
    private final DatabaseUrl url = TestPostgres.migratedDatabase();
    private Database database;
    private String deploymentId;

    @BeforeEach
    void open() {
        Settings settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests().database(url).environment(), Path.of("/nowhere/at/all"))
                .settings();
        DatabaseMigrator.migrate(url, settings.database());
        database = Database.open(vertx, url, settings.database());
    }

    @AfterEach
    void close() throws Exception {
        // Undeploy the verticle first, because it uses the database.
        vertx.undeploy(deploymentId).compose(done -> database.close()).await(60, TimeUnit.SECONDS);
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    private UUID insertWebhook(String deletedAt) {
        UUID id = UUID.randomUUID();
        TestPostgres.execute(
                url,
                "INSERT INTO webhooks (id, user_id, url, event_types, format, secret, deleted_at) VALUES ('" + id
                        + "', 'anna', 'https://hooks.example.org/', '{*}', 'STANDARD', 'secret', " + deletedAt + ")");
        return id;
    }

    /** Inserts {@code count} deliveries created {@code days} days ago, each with one attempt. */
    private void insertDeliveries(UUID webhook, int count, String status, int days) {
        TestPostgres.execute(
                url,
                "WITH made AS (INSERT INTO webhook_deliveries (webhook_id, user_id, notification_id, type, format, body, status,"
                        + " created_at, ended_at, attempts) SELECT '"
                        + webhook + "', 'anna', gen_random_uuid(), 'generation.ended', 'STANDARD', '{}', '" + status
                        + "', now() - " + days + " * interval '1 day', "
                        + (status.equals("PENDING") ? "NULL" : "now()") + ", 1 FROM generate_series(1, " + count
                        + ") RETURNING id)"
                        + " INSERT INTO webhook_attempts (delivery_id, number, lease_token, node_id, started_at, finished_at, outcome)"
                        + " SELECT id, 1, 1, gen_random_uuid(), now(), now(), 'DELIVERED' FROM made");
    }

    private void awaitRows(String sql, String... expected) {
        Awaitility.await(sql)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> TestPostgres.query(url, sql).equals(List.of(expected)));
    }

    private void deploy() throws Exception {
        RetentionTask retention = new RetentionTask(
                vertx, database, null, new Settings.Retention(null, null, null, Duration.ofMillis(50)), MONTH);
        deploymentId = vertx.deployVerticle(new PeriodicTaskVerticle(List.of(retention.task())))
                .await(60, TimeUnit.SECONDS);
    }

    @Test
    void deletesExpiredDeliveriesWithTheirAttempts() throws Exception {
        // given more deliveries than one batch
        UUID webhook = insertWebhook("NULL");
        insertDeliveries(webhook, 1_200, "DELIVERED", 31);
        insertDeliveries(webhook, 2, "FAILED", 31);
        insertDeliveries(webhook, 3, "DELIVERED", 29);
        insertDeliveries(webhook, 1, "PENDING", 31);

        // when
        deploy();

        // then
        awaitRows(
                "SELECT status || ' ' || count(*) FROM webhook_deliveries GROUP BY status ORDER BY 1",
                "DELIVERED 3",
                "PENDING 1");
        awaitRows("SELECT count(*) FROM webhook_attempts", "4");
        awaitRows("SELECT count(*) FROM webhooks", "1");
    }

    @Test
    void keepsUnpublishedEventsWhileAProcessHasBrokers() throws Exception {
        // given more events than one batch
        TestPostgres.execute(
                url,
                "INSERT INTO event_publication (name, active_until) VALUES ('kafka', now() + interval '1 minute')",
                "INSERT INTO event_outbox (user_id, event, created_at)"
                        + " SELECT 'anna', '{}', now() - interval '31 days' FROM generate_series(1, 1200)",
                "INSERT INTO event_outbox (user_id, event, created_at) VALUES ('anna', '{}', now() - interval '29 days')");
        UUID webhook = insertWebhook("NULL");
        insertDeliveries(webhook, 1, "DELIVERED", 31);

        // when
        deploy();

        // then
        awaitRows("SELECT count(*) FROM webhook_deliveries", "0");
        awaitRows("SELECT count(*) FROM event_outbox", "1201");

        // when the last process with brokers has been gone for a week
        TestPostgres.execute(url, "UPDATE event_publication SET active_until = now()");

        // then
        awaitRows("SELECT count(*) FROM event_outbox", "1");
    }

    @Test
    void deletesADeletedWebhookAfterItsLastDeliveryEnded() throws Exception {
        // given
        UUID deleted = insertWebhook("now()");
        UUID kept = insertWebhook("NULL");
        insertDeliveries(deleted, 3, "DELIVERED", 1);
        insertDeliveries(deleted, 1, "PENDING", 1);
        insertDeliveries(kept, 2, "DELIVERED", 1);

        // when
        deploy();

        // then
        awaitRows("SELECT status FROM webhook_deliveries WHERE webhook_id = '" + deleted + "'", "PENDING");
        awaitRows("SELECT count(*) FROM webhooks", "2");

        // when
        TestPostgres.execute(
                url, "UPDATE webhook_deliveries SET status = 'FAILED', ended_at = now() WHERE status = 'PENDING'");

        // then
        awaitRows("SELECT id FROM webhooks", kept.toString());
        awaitRows("SELECT count(*) FROM webhook_deliveries", "2");
    }
}
