package dev.darkroom.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.NodeRole;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.SteppingClock;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Context;
import io.vertx.core.Deployable;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Registration and heartbeats of a process, on PostgreSQL. */
@Tag("database")
class NodeHeartbeatVerticleTest {
    private static final Settings.Node FAST_HEARTBEATS = new Settings.Node(
            EnumSet.allOf(NodeRole.class), Duration.ofMillis(50), Duration.ofMinutes(10), Duration.ofSeconds(1));

    /** No heartbeat is due within a test. */
    private static final Settings.Node NO_HEARTBEATS = new Settings.Node(
            EnumSet.allOf(NodeRole.class), Duration.ofMinutes(5), Duration.ofMinutes(10), Duration.ofSeconds(1));

    private static DatabaseUrl url;
    private static Settings settings;

    private final Vertx vertx = Vertx.vertx();
    private final AtomicLong skipped = new AtomicLong();
    private final LocalNode localNode = new LocalNode(() -> System.nanoTime() + skipped.get());
    private final AtomicInteger lost = new AtomicInteger();
    private Database database;

    @BeforeAll
    static void migrate() {
        url = TestPostgres.migratedDatabase();
        settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests().database(url).environment(), Path.of("/nowhere/at/all"))
                .settings();
        DatabaseMigrator.migrate(url, settings.database());
    }

    @BeforeEach
    void open() {
        TestPostgres.execute(url, "TRUNCATE nodes");
        database = Database.open(vertx, url, settings.database());
        localNode.onIdentityLost(lost::incrementAndGet);
    }

    @AfterEach
    void close() {
        await(Future.join(vertx.deploymentIDs().stream().map(vertx::undeploy).toList()));
        await(database.close());
        await(vertx.close());
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private String deploy(Settings.Node node) {
        return await(vertx.deployVerticle(new NodeHeartbeatVerticle(localNode, database, node, "1.2.3")));
    }

    private List<String> rows(String expression) {
        return TestPostgres.query(url, "SELECT " + expression + " FROM nodes");
    }

    private void awaitTrue(String description, Callable<Boolean> condition) {
        Awaitility.await(description)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(10))
                .until(condition);
    }

    @Test
    void registersAtStart() {
        // when
        deploy(NO_HEARTBEATS);

        // then
        UUID id = localNode.claimingId().orElseThrow();
        assertThat(rows("concat_ws(' ', id, version, draining, expires_at - started_at)"))
                .containsExactly(id + " 1.2.3 f 00:10:00");
    }

    @Test
    void everyStartUsesANewId() {
        // given
        String deployment = deploy(NO_HEARTBEATS);
        UUID first = localNode.validId().orElseThrow();
        await(vertx.undeploy(deployment));

        // when
        deploy(NO_HEARTBEATS);

        // then
        assertThat(localNode.validId().orElseThrow()).isNotEqualTo(first);
    }

    @Test
    void keepsItsIdWhenTheDatabaseClockStepsAhead() {
        // given
        SteppingClock clock = new SteppingClock();
        Settings.Node node = new Settings.Node(
                EnumSet.allOf(NodeRole.class), Duration.ofMillis(200), Duration.ofMinutes(10), Duration.ofSeconds(5));
        await(vertx.deployVerticle(new NodeHeartbeatVerticle(localNode, database, node, "1.2.3", clock)));
        UUID id = localNode.validId().orElseThrow();
        awaitTrue("read", () -> clock.readings() > 0);

        // when
        clock.step(
                Duration.ofHours(2),
                () -> TestPostgres.execute(url, "UPDATE nodes SET expires_at = expires_at - interval '2 hours'"));

        // then
        awaitTrue("alive", () -> rows("expires_at > now()").equals(List.of("t")));
        awaitTrue("stable again", localNode::clockStable);
        assertThat(localNode.validId()).contains(id);
        assertThat(rows("id")).containsExactly(id.toString());
        assertThat(lost).hasValue(0);
    }

    @Test
    void capsExpiriesOfDeadNodesWhenTheDatabaseClockStepsBack() {
        // given
        SteppingClock clock = new SteppingClock();
        Settings.Node node = new Settings.Node(
                EnumSet.allOf(NodeRole.class), Duration.ofMillis(200), Duration.ofMinutes(10), Duration.ofSeconds(5));
        await(vertx.deployVerticle(new NodeHeartbeatVerticle(localNode, database, node, "1.2.3", clock)));
        awaitTrue("read", () -> clock.readings() > 0);

        // when
        clock.step(
                Duration.ofHours(-2),
                () -> TestPostgres.execute(
                        url,
                        "INSERT INTO nodes (id, host, version, expires_at) VALUES (gen_random_uuid(), 'dead', '1', now() + interval '2 hours')"));

        // then
        awaitTrue(
                "shortened",
                () -> rows("max(expires_at) <= now() + interval '10 min'").equals(List.of("t")));
    }

    @Test
    void heartbeatsStoreTheStateOfTheBackends() {
        // given
        deploy(FAST_HEARTBEATS);
        assertThat(rows("backends")).containsExactly("[]");

        // when
        localNode.reportBackends(() -> new JsonArray().add(new JsonObject().put("name", "gpu-1")));

        // then
        awaitTrue("stored", () -> rows("backends").equals(List.of("[{\"name\": \"gpu-1\"}]")));
    }

    @Test
    void heartbeatsExtendTheExpiry() {
        // given
        deploy(FAST_HEARTBEATS);
        UUID id = localNode.validId().orElseThrow();
        String end = rows("expires_at + interval '200 ms'").get(0);

        // when several heartbeats were sent
        awaitTrue(
                "a later expiry",
                () -> rows("expires_at > '" + end + "'").get(0).equals("t"));

        // then
        assertThat(localNode.validId()).contains(id);
        assertThat(rows("concat_ws(' ', id, expires_at > now())")).containsExactly(id + " t");
        assertThat(lost).hasValue(0);
    }

    @Test
    void doesNotRegisterAgainWhenStoppedDuringAHeartbeat() throws Exception {
        // given a heartbeat that waits for its row, which another transaction is deleting
        Settings.Node node = new Settings.Node(
                EnumSet.allOf(NodeRole.class), Duration.ofSeconds(2), Duration.ofMinutes(1), Duration.ofSeconds(1));
        NodeHeartbeatVerticle verticle = new NodeHeartbeatVerticle(localNode, database, node, "1.2.3");
        CountDownLatch stopping = new CountDownLatch(1);
        String deployment = await(vertx.deployVerticle(new Deployable() {
            @Override
            public Future<?> deploy(Context context) throws Exception {
                return verticle.deploy(context);
            }

            @Override
            public Future<?> undeploy(Context context) throws Exception {
                Future<?> stopped = verticle.undeploy(context);
                stopping.countDown();
                return stopped;
            }
        }));
        try (Connection other = DriverManager.getConnection(
                        url.jdbcUrl(), url.user(), url.password().value());
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("DELETE FROM nodes");
            awaitTrue(
                    "a waiting heartbeat",
                    () -> TestPostgres.query(
                                    url,
                                    "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE nodes%'")
                            .equals(List.of("1")));

            // when
            Future<Void> undeployed = vertx.undeploy(deployment);
            assertThat(stopping.await(60, TimeUnit.SECONDS)).isTrue();
            other.commit();
            await(undeployed);
        }

        // then
        assertThat(rows("id")).isEmpty();
        assertThat(lost).hasValue(0);
    }

    @Test
    void registersAgainAfterItsRowExpired() {
        // given
        deploy(FAST_HEARTBEATS);
        UUID old = localNode.validId().orElseThrow();

        // when
        TestPostgres.execute(url, "UPDATE nodes SET expires_at = now()");
        awaitTrue(
                "a new identity",
                () -> localNode.validId().filter(id -> !id.equals(old)).isPresent());

        // then the old row stays expired
        assertThat(lost).hasValue(1);
        UUID next = localNode.claimingId().orElseThrow();
        assertThat(rows("concat_ws(' ', id, expires_at > now())")).containsExactlyInAnyOrder(old + " f", next + " t");
        assertThat(rows("DISTINCT process_id"))
                .containsExactly(localNode.processId().toString());
    }

    @Test
    void registersAgainAfterItsRowWasDeleted() {
        // given
        deploy(FAST_HEARTBEATS);
        UUID old = localNode.validId().orElseThrow();

        // when
        TestPostgres.execute(url, "DELETE FROM nodes");
        awaitTrue(
                "a new identity",
                () -> localNode.validId().filter(id -> !id.equals(old)).isPresent());

        // then
        assertThat(lost).hasValue(1);
        assertThat(rows("id")).containsExactly(localNode.validId().orElseThrow().toString());
    }

    @Test
    void losesItsIdentityWithoutSuccessfulHeartbeats() {
        // given a table locked against heartbeats
        deploy(FAST_HEARTBEATS);
        UUID old = localNode.validId().orElseThrow();

        Promise<Void> release = Promise.promise();
        Future<Void> locked = database.inTransaction(scope -> scope.connection()
                .query("LOCK TABLE nodes IN ACCESS EXCLUSIVE MODE")
                .execute()
                .compose(rows -> release.future()));

        // when the validity has passed on the local clock
        skipped.set(Duration.ofMinutes(10).toNanos());
        awaitTrue("loss", () -> lost.get() == 1);
        release.complete();
        await(locked);

        // then
        awaitTrue("a new identity", () -> localNode.validId().isPresent());
        assertThat(rows("id")).contains(old.toString());
    }

    @Test
    void localValidityIsShorterThanTheExpiryOfTheRow() {
        // given
        deploy(NO_HEARTBEATS);
        assertThat(localNode.validId()).isPresent();

        // when nine of the ten minutes have passed on the local clock
        skipped.set(Duration.ofMinutes(9).toNanos());

        // then the row is still valid for another minute
        assertThat(localNode.validId()).isEmpty();
    }

    @Test
    void drainStopsClaimsLocallyAndInTheDatabase() {
        // given
        deploy(FAST_HEARTBEATS);

        // when
        await(NodeHeartbeatVerticle.drain(localNode, database));

        // then
        assertThat(localNode.claimingId()).isEmpty();
        assertThat(localNode.validId()).isPresent();
        assertThat(rows("draining")).containsExactly("t");
    }

    @Test
    void drainSucceedsWithoutDatabase() {
        // given
        deploy(NO_HEARTBEATS);
        await(database.close());

        // when
        await(NodeHeartbeatVerticle.drain(localNode, database));

        // then
        assertThat(localNode.claimingId()).isEmpty();
    }

    @Test
    void deletesItsRowAtTheStop() {
        // given
        String deployment = deploy(FAST_HEARTBEATS);

        // when
        await(vertx.undeploy(deployment));

        // then
        assertThat(rows("id")).isEmpty();
    }

    @Test
    void deletesLongExpiredNodes() {
        // given
        TestPostgres.execute(url, """
                INSERT INTO nodes (id, host, version, expires_at) VALUES
                  (gen_random_uuid(), 'long', '1', now() - interval '61 min'),
                  (gen_random_uuid(), 'lately', '1', now() - interval '59 min')""");

        // when
        deploy(FAST_HEARTBEATS);

        // then
        awaitTrue("deletion", () -> rows("host").stream().noneMatch("long"::equals));
        assertThat(rows("host")).hasSize(2).contains("lately");
    }
}
