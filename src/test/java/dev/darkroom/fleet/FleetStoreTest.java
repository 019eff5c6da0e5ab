package dev.darkroom.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.fleet.FleetResult.BackendKeyState;
import dev.darkroom.fleet.FleetResult.ExecutorState;
import dev.darkroom.fleet.FleetResult.NodeStatus;
import dev.darkroom.fleet.FleetResult.UserQueue;
import dev.darkroom.fleet.FleetStore.Drain;
import dev.darkroom.fleet.FleetStore.RouteQueue;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.StatementPlan;
import dev.darkroom.testing.TestPostgres;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Drains, live nodes and queue lengths, on PostgreSQL. */
@Tag("database")
class FleetStoreTest {
    private final Vertx vertx = Vertx.vertx();
    private final DatabaseUrl url = TestPostgres.migratedDatabase();
    private Database database;
    private FleetStore store;

    @BeforeEach
    void open() {
        database = Database.open(
                vertx,
                url,
                SettingsLoader.load(
                                DarkroomInstanceSettings.forTests()
                                        .database(url)
                                        .environment(),
                                Path.of("/nowhere/at/all"))
                        .settings()
                        .database());
        store = new FleetStore(database);
    }

    @AfterEach
    void close() {
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

    /** Inserts waiting generations of a user, due since a number of seconds; in the future when it is negative. */
    private void insertWaiting(String user, String route, int count, int dueSeconds) {
        TestPostgres.execute(
                url,
                "WITH g AS (INSERT INTO generations (id, user_id, prompt, width, height, image_count, seed)"
                        + " SELECT gen_random_uuid(), '" + user + "', 'x', 64, 64, 1, 1 FROM generate_series(1, "
                        + count
                        + ") RETURNING id)"
                        + " INSERT INTO generation_queue (generation_id, user_id, route, deadline, run_at)"
                        + " SELECT id, '" + user + "', '" + route + "', now() + interval '1 hour', now() - interval '"
                        + dueSeconds + " s' FROM g");
    }

    private void leaseAll(String user) {
        TestPostgres.execute(
                url,
                "UPDATE generation_queue SET lease_owner = gen_random_uuid(), attempt_started_at = now(),"
                        + " attempt_deadline = now() + interval '1 hour', attempt_backend = 'a', attempt_selection = 'ONLY'"
                        + " WHERE user_id = '" + user + "'");
    }

    @Test
    void drainAndEnableAreIdempotent() {
        // when
        await(store.drain("gpu-1", "ann"));
        Map<String, Drain> first = await(store.findDrained());
        await(Future.all(store.drain("gpu-1", "mary"), store.drain("gpu-2", "mary"), store.drain("gpu-2", "mary")));
        Map<String, Drain> second = await(store.findDrained());

        // then the first drain is kept
        assertThat(first).containsOnlyKeys("gpu-1");
        assertThat(first.get("gpu-1").admin()).isEqualTo("ann");
        assertThat(second).containsOnlyKeys("gpu-1", "gpu-2").containsAllEntriesOf(first);

        // when
        await(store.enable("gpu-1"));
        await(store.enable("gpu-1"));

        // then
        assertThat(await(store.findDrained())).containsOnlyKeys("gpu-2");
    }

    @Test
    void findsOnlyLiveNodesOldestFirst() {
        // given
        List<UUID> ids = IntStream.range(0, 3).mapToObj(i -> UUID.randomUUID()).toList();
        String columns =
                "INSERT INTO nodes (id, host, version, started_at, expires_at, concurrency, average_attempt_ms,"
                        + " backends) VALUES ";
        TestPostgres.execute(
                url,
                columns + "('" + ids.get(0) + "', 'new', '2', now(), now() + interval '1 min', 0, NULL, '[]')",
                columns + "('" + ids.get(1)
                        + "', 'old', '1', now() - interval '1 h', now() + interval '1 min', 4, 3120,"
                        + " '[{\"name\": \"gpu-1\", \"breaker\": \"OPEN\", \"openUntil\": \"2026-11-30T13:00:00.000Z\", \"drained\": true, \"retryAfterMs\": 5,"
                        + " \"concurrency\": 1, \"availablePermits\": 2, \"later\": {},"
                        + " \"apiKeys\": [{\"name\": \"main\", \"state\": \"USABLE\"}, {\"name\": \"spare\","
                        + " \"state\": \"PAYMENT_REQUIRED\", \"cooldownUntil\": \"2026-11-30T14:00:00.000Z\"}]}]')",
                "UPDATE nodes SET roles = '{worker}' WHERE id = '" + ids.get(0) + "'",
                columns + "('" + ids.get(2) + "', 'dead', '1', now(), now() - interval '1 s', 4, 1, '[]')");

        // when
        List<NodeStatus> nodes = await(store.findLiveNodes());

        // then
        assertThat(nodes).extracting(NodeStatus::id).containsExactly(ids.get(1), ids.get(0));
        assertThat(nodes.get(0).backends())
                .containsExactly(new ExecutorState(
                        "gpu-1",
                        "OPEN",
                        OffsetDateTime.parse("2026-11-30T13:00:00.000Z"),
                        true,
                        5,
                        1,
                        2,
                        List.of(
                                new BackendKeyState("main", "USABLE", null),
                                new BackendKeyState(
                                        "spare",
                                        "PAYMENT_REQUIRED",
                                        OffsetDateTime.parse("2026-11-30T14:00:00.000Z")))));
        assertThat(nodes.get(0).averageAttemptMs()).isEqualTo(3120);
        assertThat(nodes.get(1).backends()).isEmpty();
        assertThat(nodes.get(1).averageAttemptMs()).isNull();
        assertThat(nodes.get(0).roles()).as("of a version without roles").containsExactly("api", "notifier", "worker");
        assertThat(nodes.get(1).roles()).containsExactly("worker");
    }

    @Test
    void countsPerRouteWithTheUsersThatWaitMost() {
        // given
        assertThat(await(store.readQueue())).isEmpty();
        for (int i = 1; i <= 12; i++) {
            insertWaiting("user-" + i, "flux", i, i);
        }
        insertWaiting("delayed", "slow", 2, -3600);
        insertWaiting("running", "fast", 3, 10);
        leaseAll("running");
        insertWaiting("user-1", "fast", 1, 3600);

        // when
        List<RouteQueue> queues = await(store.readQueue());

        // then
        assertThat(queues).extracting(RouteQueue::route).containsExactly("fast", "flux", "slow");
        RouteQueue fast = queues.get(0);
        assertThat(fast.waiting()).isEqualTo(1);
        assertThat(fast.running()).isEqualTo(3);
        assertThat(fast.oldestWaitSeconds()).isBetween(3600L, 7200L);
        RouteQueue flux = queues.get(1);
        assertThat(flux.waiting()).isEqualTo(78);
        assertThat(flux.running()).isZero();
        assertThat(flux.oldestWaitSeconds()).isBetween(12L, 3600L);
        assertThat(flux.users())
                .containsExactlyElementsOf(IntStream.range(0, 10)
                        .mapToObj(i -> new UserQueue("user-" + (12 - i), 12 - i))
                        .toList());
        RouteQueue slow = queues.get(2);
        assertThat(slow.waiting()).isEqualTo(2);
        assertThat(slow.oldestWaitSeconds()).isNull();
        assertThat(slow.users()).containsExactly(new UserQueue("delayed", 2));
    }

    @Test
    void readsWaitingGenerationsFromAnIndexThatHasAllColumns() {
        // given
        insertWaiting("ann", "flux", 1_000, 0);
        TestPostgres.execute(url, "VACUUM ANALYZE generation_queue");

        // when
        List<String> plan = await(StatementPlan.of(database.pool(), "bigint", FleetStore.READ_QUEUE, "100000"))
                .lines();

        // then
        assertThat(plan)
                .anyMatch(line -> line.contains("Index Only Scan using generation_queue_user_order"))
                .anyMatch(line -> line.contains("Index Scan using generation_queue_leased"))
                .noneMatch(line -> line.contains("Seq Scan"));
    }

    @Test
    void measuresDueDelayedAndRunningGenerations() {
        // given
        insertWaiting("ann", "flux", 3, 60);
        insertWaiting("bob", "flux", 1, 7200);
        insertWaiting("delayed", "flux", 2, -3600);
        insertWaiting("running", "flux", 4, 10);
        leaseAll("running");
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        QueueMetrics metrics = new QueueMetrics(database, System::nanoTime);
        metrics.bindTo(registry);

        // when
        double before = registry.get("darkroom.queue.oldest").gauge().value();
        await(metrics.measure());

        // then
        assertThat(before).isNaN();
        assertThat(generations(registry, "DUE")).isEqualTo(4);
        assertThat(generations(registry, "DELAYED")).isEqualTo(2);
        assertThat(generations(registry, "RUNNING")).isEqualTo(4);
        assertThat(registry.get("darkroom.queue.oldest").gauge().value()).isBetween(7200.0, 10_800.0);
        assertThat(registry.get("darkroom.webhook.queue.oldest").gauge().value())
                .isZero();
    }

    private static double generations(SimpleMeterRegistry registry, String state) {
        return registry.get("darkroom.queue.generations")
                .tag("state", state)
                .gauge()
                .value();
    }

    @Test
    void measuresQueuesInIndexesThatHaveAllColumns() {
        // given
        insertWaiting("ann", "flux", 1_000, 0);
        TestPostgres.execute(url, "VACUUM ANALYZE generation_queue");

        // when
        List<String> plan = await(
                        StatementPlan.of(database.heartbeats(), "bigint", FleetStore.MEASURE_QUEUES, "100000"))
                .lines();

        // then
        assertThat(plan)
                .anyMatch(line -> line.contains("Index Only Scan using generation_queue_user_order"))
                .anyMatch(line -> line.contains("using generation_queue_leased"))
                .anyMatch(line -> line.contains("Index Only Scan using webhook_queue_partitions"))
                .anyMatch(line -> line.contains("using webhook_queue_leased"))
                .noneMatch(line -> line.contains("Seq Scan"));
    }

    @Test
    void countsRunningGenerationsOfARouteWithoutWaitingOnes() {
        // given
        insertWaiting("running", "flux", 2, 0);
        leaseAll("running");

        // when
        List<RouteQueue> queues = await(store.readQueue());

        // then
        assertThat(queues).containsExactly(new RouteQueue("flux", 0, 2, null, List.of()));
    }
}
