package dev.darkroom.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.darkroom.backend.StubImageBackend;
import dev.darkroom.backend.executor.BackendExecutor;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.eventbus.CommandCodec;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.eventbus.RejectionReason;
import dev.darkroom.fleet.FleetCommand.DrainBackend;
import dev.darkroom.fleet.FleetCommand.EnableBackend;
import dev.darkroom.fleet.FleetCommand.GetBackends;
import dev.darkroom.fleet.FleetCommand.GetNodes;
import dev.darkroom.fleet.FleetCommand.GetQueue;
import dev.darkroom.fleet.FleetResult.BackendOnNode;
import dev.darkroom.fleet.FleetResult.BackendStatus;
import dev.darkroom.fleet.FleetResult.BackendStatusList;
import dev.darkroom.fleet.FleetResult.ModelQueue;
import dev.darkroom.fleet.FleetResult.NodeStatus;
import dev.darkroom.fleet.FleetResult.NodeStatusList;
import dev.darkroom.generation.route.TestModels;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Drains in one and in several processes, on PostgreSQL. */
@Tag("database")
class FleetVerticleTest {
    /** No poll is due within a test. */
    private static final String NEVER = "4m";

    @TempDir
    Path directory;

    private final DatabaseUrl url = TestPostgres.migratedDatabase();
    private final List<Process> processes = new ArrayList<>();

    /** Verticle, executors and connections of a process. */
    private final class Process {
        private final Vertx vertx = Vertx.vertx();
        private final Settings settings;
        private final Database database;
        private final NotifyChannel notifyChannel;
        private final List<BackendExecutor> executors;
        private final UUID nodeId = UUID.randomUUID();

        Process(String heartbeatInterval) throws IOException {
            Path conf = Files.writeString(directory.resolve("fleet.yaml"), """
                    backends:
                      a:
                        url: http://127.0.0.1:9/v1
                      b:
                        url: http://127.0.0.1:9
                        type: automatic1111
                    models:
                      both: a, b
                      one: b
                    """);
            settings = SettingsLoader.load(
                            DarkroomInstanceSettings.forTests()
                                    .database(url)
                                    .with("DARKROOM_CONF", conf.toString())
                                    .with("DARKROOM_NODE_HEARTBEAT_INTERVAL", heartbeatInterval)
                                    .with("DARKROOM_NODE_TTL", "10m")
                                    .environment(),
                            directory)
                    .settings();
            database = Database.open(vertx, url, settings.database());
            notifyChannel = NotifyChannel.open(vertx, url, settings.database());
            executors = settings.backends().stream()
                    .map(backend -> new BackendExecutor(
                            vertx,
                            new StubImageBackend(backend.name()),
                            4,
                            0,
                            backend.breaker(),
                            Duration.ofMinutes(1),
                            System::nanoTime))
                    .toList();
            CommandCodec.register(vertx.eventBus());
            processes.add(this);
        }

        Process start() {
            await(vertx.deployVerticle(new FleetVerticle(
                    database,
                    notifyChannel,
                    settings,
                    () -> Optional.of(nodeId),
                    executors,
                    TestModels.capabilities(settings.backends()))));
            return this;
        }

        <R> CommandReply<R> send(FleetCommand<?> command) {
            return await(vertx.eventBus()
                            .<CommandReply<R>>request(
                                    FleetCommand.ADDRESS,
                                    command,
                                    new DeliveryOptions().setCodecName(CommandCodec.NAME)))
                    .body();
        }

        <R> R result(FleetCommand<?> command) {
            return ((CommandReply.Completed<R>) this.<R>send(command)).result();
        }

        List<String> drained() {
            return executors.stream()
                    .filter(BackendExecutor::drained)
                    .map(BackendExecutor::name)
                    .toList();
        }

        void close() {
            await(notifyChannel.close());
            await(database.close());
            await(vertx.close());
        }
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static void awaitDrained(Process process, String... backends) {
        Awaitility.await("drains")
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(10))
                .untilAsserted(() -> assertThat(process.drained()).containsExactly(backends));
    }

    @AfterEach
    void close() {
        processes.forEach(Process::close);
    }

    @Test
    void appliesDrainBeforeTheReplyAndOtherProcessesByTheSignal() throws IOException {
        // given
        Process first = new Process(NEVER).start();
        Process second = new Process(NEVER).start();

        // when
        BackendStatus drained = first.result(new DrainBackend("root", "b"));

        // then
        assertThat(first.drained()).containsExactly("b");
        assertThat(drained.drained()).isTrue();
        assertThat(drained.drainedBy()).isEqualTo("root");
        assertThat(drained.type()).isEqualTo("automatic1111");
        assertThat(drained.models()).containsExactly("both", "one");
        awaitDrained(second, "b");

        // when
        BackendStatus enabled = second.result(new EnableBackend("root", "b"));

        // then
        assertThat(second.drained()).isEmpty();
        assertThat(enabled.drained()).isFalse();
        assertThat(enabled.drainedAt()).isNull();
        awaitDrained(first);
    }

    @Test
    @DisplayName("The state of the responding process is current, that of another is from its heartbeat")
    void statesOfTheRespondingProcessAreCurrent() throws IOException {
        // given rows of heartbeats before the drain
        Process first = new Process(NEVER).start();
        Process second = new Process(NEVER).start();
        for (Process process : processes) {
            TestPostgres.execute(
                    url,
                    "INSERT INTO nodes (id, host, version, started_at, expires_at, concurrency, backends) VALUES ('"
                            + process.nodeId + "', 'vm', '1', now(), now() + interval '1 min', 4, '[{\"name\": \"a\","
                            + " \"breaker\": \"CLOSED\", \"drained\": false, \"retryAfterMs\": 0, \"concurrency\": 4,"
                            + " \"availablePermits\": 4}]')");
        }

        // when
        first.result(new DrainBackend("root", "a"));
        awaitDrained(second, "a");

        // then
        BackendStatusList list = first.result(new GetBackends("root"));
        assertThat(list.backends().get(0).nodes())
                .extracting(BackendOnNode::node, BackendOnNode::drained)
                .containsExactlyInAnyOrder(tuple(first.nodeId, true), tuple(second.nodeId, false));
        NodeStatusList nodes = second.result(new GetNodes("root"));
        assertThat(nodes.nodes())
                .extracting(NodeStatus::id, node -> node.backends().get(0).drained())
                .containsExactlyInAnyOrder(tuple(first.nodeId, false), tuple(second.nodeId, true));
    }

    @Test
    void repeatedDrainKeepsTheFirst() throws IOException {
        // given
        Process process = new Process(NEVER).start();
        BackendStatus first = process.result(new DrainBackend("ann", "a"));

        // when
        BackendStatus second = process.result(new DrainBackend("mary", "a"));

        // then
        assertThat(second).isEqualTo(first);
        assertThat(process.<FleetResult.BackendStatusList>result(new GetBackends("ann"))
                        .backends())
                .extracting(BackendStatus::name, BackendStatus::drainedBy)
                .containsExactly(tuple("a", "ann"), tuple("b", null));
    }

    @Test
    void startAppliesEarlierDrainsBeforeItCompletes() throws IOException {
        // given
        TestPostgres.execute(url, "INSERT INTO drained_backends (name) VALUES ('a'), ('removed')");

        // when
        Process process = new Process(NEVER).start();

        // then
        assertThat(process.drained()).containsExactly("a");
    }

    @Test
    void pollFindsDrainsWithoutSignal() throws IOException {
        // given
        Process process = new Process("50ms").start();

        // when
        TestPostgres.execute(url, "INSERT INTO drained_backends (name) VALUES ('a')");

        // then
        awaitDrained(process, "a");
    }

    @Test
    void rejectsUnknownBackend() throws IOException {
        // given
        Process process = new Process(NEVER).start();

        for (FleetCommand<?> command : List.of(new DrainBackend("root", "c"), new EnableBackend("root", "c"))) {
            // when
            CommandReply<?> reply = process.send(command);

            // then
            assertThat(reply).isInstanceOf(CommandReply.Rejected.class);
            assertThat(((CommandReply.Rejected<?>) reply).reason()).isEqualTo(RejectionReason.NOT_FOUND);
        }
        assertThat(TestPostgres.query(url, "SELECT name FROM drained_backends")).isEmpty();
    }

    @Test
    void queueListsConfiguredModelsAndThenOthers() throws IOException {
        // given
        Process process = new Process(NEVER).start();
        TestPostgres.execute(
                url,
                "INSERT INTO generations (id, user_id, prompt, width, height, image_count, seed)"
                        + " SELECT gen_random_uuid(), 'ann', 'x', 64, 64, 1, 1 FROM generate_series(1, 2)",
                "INSERT INTO generation_queue (generation_id, user_id, route, deadline)"
                        + " SELECT id, user_id, 'another', now() + interval '1 hour' FROM generations",
                "INSERT INTO webhook_deliveries (url, user_id, notification_id, type, format, body)"
                        + " SELECT 'http://127.0.0.1/', 'ann', gen_random_uuid(), 'generation.ended', 'STANDARD', 'x'"
                        + " FROM generate_series(1, 3)",
                "INSERT INTO webhook_queue (delivery_id, partition_key, user_id, run_at)"
                        + " SELECT id, gen_random_uuid(), user_id, now() + (1 - position) * interval '1 hour'"
                        + " FROM (SELECT id, user_id, row_number() OVER () AS position FROM webhook_deliveries) d",
                "UPDATE webhook_queue SET run_at = now() + interval '1 hour' WHERE run_at > now() - interval '30 min'");

        // when
        FleetResult.QueueStatus queue = process.result(new GetQueue("root"));

        // then
        assertThat(queue.models())
                .extracting(ModelQueue::model, ModelQueue::configured, ModelQueue::waiting)
                .containsExactly(tuple("both", true, 0L), tuple("one", true, 0L), tuple("another", false, 2L));
        assertThat(queue.deliveries().waiting()).isEqualTo(3);
        assertThat(queue.deliveries().running()).isZero();
        assertThat(queue.deliveries().oldestWaitSeconds()).isGreaterThanOrEqualTo(7_200L);
    }
}
