package dev.darkroom.webhook;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseMigrator;
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

/** What is kept of deliveries, how long, and what is left of an endpoint that was deleted. */
@Tag("database")
class DeliveryRetentionVerticleTest {
    private static final Duration MONTH = Duration.ofDays(30);

    private final Vertx vertx = Vertx.vertx();
    private final DatabaseUrl url = TestPostgres.migratedDatabase();
    private Database database;
    private String clearance;

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
        // First the verticle, which uses the database.
        vertx.undeploy(clearance).compose(gone -> database.close()).await(60, TimeUnit.SECONDS);
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    private UUID endpoint(String deletedAt) {
        UUID id = UUID.randomUUID();
        TestPostgres.execute(
                url,
                "INSERT INTO webhooks (id, user_id, url, event_types, format, secret, deleted_at) VALUES ('" + id
                        + "', 'anna', 'https://hooks.example.org/', '{*}', 'STANDARD', 'secret', " + deletedAt + ")");
        return id;
    }

    /** So many deliveries of an endpoint, made so many days ago, with an attempt each. */
    private void deliveries(UUID endpoint, int count, String status, int days) {
        TestPostgres.execute(
                url,
                "WITH made AS (INSERT INTO webhook_deliveries (webhook_id, user_id, notification_id, type, format, body, status,"
                        + " created_at, ended_at, attempts) SELECT '"
                        + endpoint + "', 'anna', gen_random_uuid(), 'generation.ended', 'STANDARD', '{}', '" + status
                        + "', now() - " + days + " * interval '1 day', "
                        + (status.equals("PENDING") ? "NULL" : "now()") + ", 1 FROM generate_series(1, " + count
                        + ") RETURNING id)"
                        + " INSERT INTO webhook_attempts (delivery_id, number, lease_token, node_id, started_at, finished_at, outcome)"
                        + " SELECT id, 1, 1, gen_random_uuid(), now(), now(), 'DELIVERED' FROM made");
    }

    private void until(String sql, String... expected) {
        Awaitility.await(sql)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> TestPostgres.query(url, sql).equals(List.of(expected)));
    }

    private void clear() throws Exception {
        clearance = vertx.deployVerticle(new DeliveryRetentionVerticle(database, MONTH, Duration.ofMillis(50)))
                .await(60, TimeUnit.SECONDS);
    }

    @Test
    void whatIsOldAndHasEndedGoesWithItsAttempts() throws Exception {
        // given more than a batch
        UUID endpoint = endpoint("NULL");
        deliveries(endpoint, 1_200, "DELIVERED", 31);
        deliveries(endpoint, 2, "FAILED", 31);
        deliveries(endpoint, 3, "DELIVERED", 29);
        deliveries(endpoint, 1, "PENDING", 31);

        // when
        clear();

        // then
        until(
                "SELECT status || ' ' || count(*) FROM webhook_deliveries GROUP BY status ORDER BY 1",
                "DELIVERED 3",
                "PENDING 1");
        until("SELECT count(*) FROM webhook_attempts", "4");
        until("SELECT count(*) FROM webhooks", "1");
    }

    @Test
    void aDeletedEndpointGoesWhenNothingIsUnderWayAnyMore() throws Exception {
        // given
        UUID deleted = endpoint("now()");
        UUID kept = endpoint("NULL");
        deliveries(deleted, 3, "DELIVERED", 1);
        deliveries(deleted, 1, "PENDING", 1);
        deliveries(kept, 2, "DELIVERED", 1);

        // when
        clear();

        // then
        until("SELECT status FROM webhook_deliveries WHERE webhook_id = '" + deleted + "'", "PENDING");
        until("SELECT count(*) FROM webhooks", "2");

        // when
        TestPostgres.execute(
                url, "UPDATE webhook_deliveries SET status = 'FAILED', ended_at = now() WHERE status = 'PENDING'");

        // then
        until("SELECT id FROM webhooks", kept.toString());
        until("SELECT count(*) FROM webhook_deliveries", "2");
    }
}
