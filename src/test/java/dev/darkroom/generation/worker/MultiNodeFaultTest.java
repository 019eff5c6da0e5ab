package dev.darkroom.generation.worker;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.InputImageLoader;
import dev.darkroom.backend.executor.BackendExecutor;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.NodeRole;
import dev.darkroom.config.Settings;
import dev.darkroom.config.TestSettings;
import dev.darkroom.generation.GenerationFinishListener;
import dev.darkroom.generation.ImmediateStart;
import dev.darkroom.generation.route.BackendRouter;
import dev.darkroom.generation.route.TestModels;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import dev.darkroom.generation.store.TestFailures;
import dev.darkroom.image.store.ImageStoreHealth;
import dev.darkroom.node.LocalNode;
import dev.darkroom.node.NodeHeartbeatVerticle;
import dev.darkroom.testing.TestPostgres;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Several processes on one queue, while the test expires their nodes or cuts their connections. */
@Tag("database")
class MultiNodeFaultTest {
    private static final int GENERATIONS = 200;
    private static final int NODES = 4;

    private GenerationDatabaseFixture queue;
    private Settings settings;

    @BeforeEach
    void open() {
        queue = new GenerationDatabaseFixture();
        settings = TestSettings.with(
                queue.settings,
                "worker",
                new Settings.Worker(8, Duration.ofMillis(50)),
                // High limits, so that lost attempts do not fail a generation.
                "retry",
                new Settings.Retry(
                        Duration.ofMillis(10), Duration.ofMillis(20), 100, 1000, 1000, Duration.ofSeconds(1)),
                "node",
                new Settings.Node(
                        EnumSet.allOf(NodeRole.class),
                        Duration.ofMillis(40),
                        Duration.ofSeconds(15),
                        Duration.ofMillis(30)),
                "shutdown",
                new Settings.Shutdown(Duration.ofMillis(200)));
    }

    @AfterEach
    void close() {
        queue.close();
    }

    /** Completes after 20 to 200 ms, and fails one time in ten. */
    private Future<BackendOutcome> randomOutcome() {
        Promise<BackendOutcome> promise = Promise.promise();
        ThreadLocalRandom random = ThreadLocalRandom.current();
        BackendOutcome backendOutcome = random.nextInt(10) == 0
                ? new BackendOutcome.Failed(TestFailures.SERVER_ERROR)
                : FakeImageBackend.imageOutcome();
        queue.vertx.setTimer(random.nextLong(20, 201), timer -> promise.complete(backendOutcome));
        return promise.future();
    }

    private void startProcess(FakeImageBackend backend) {
        GenerationFinishListener listener = (scope, generations) -> {
            // Inserted inside the transaction, so that the table counts committed ends.
            String values =
                    generations.stream().map(each -> "('" + each.id() + "')").collect(Collectors.joining(", "));
            return scope.connection()
                    .query("INSERT INTO finished VALUES " + values)
                    .execute()
                    .mapEmpty();
        };
        LocalNode localNode = new LocalNode(System::nanoTime);
        BackendSettings.Breaker neverOpens = TestSettings.with(
                settings.backend().breaker(),
                "window",
                Duration.ofSeconds(1),
                "minimumCalls",
                10_000,
                "failurePercent",
                100,
                "connectionFailures",
                10_000,
                "slowCallPercent",
                100);
        BackendExecutor backendExecutor =
                new BackendExecutor(queue.vertx, backend, 8, 0, neverOpens, Duration.ofSeconds(1), System::nanoTime);
        await(queue.vertx.deployVerticle(
                new NodeHeartbeatVerticle(localNode, queue.database, settings.node(), "test")));
        await(queue.vertx.deployVerticle(new GenerationReaperVerticle(
                queue.database,
                queue.notifyChannel,
                settings,
                List.of(listener),
                new AttemptMetrics(new SimpleMeterRegistry()))));
        await(queue.vertx.deployVerticle(new GenerationWorkerVerticle(
                localNode,
                new BackendRouter(TestModels.catalog(settings.models(), settings.backends()), List.of(backendExecutor)),
                new ImmediateStart(),
                queue.database,
                queue.notifyChannel,
                FakeImageBackend.DISCARDING_STORE,
                new ImageStoreHealth(),
                InputImageLoader.NONE,
                settings,
                List.of(listener),
                new AttemptMetrics(new SimpleMeterRegistry()))));
    }

    private void expireRandomNode(Random random) {
        List<String> alive = queue.query("SELECT id FROM nodes WHERE expires_at > now() ORDER BY id");
        if (!alive.isEmpty()) {
            queue.expireNode(UUID.fromString(alive.get(random.nextInt(alive.size()))));
        }
    }

    @Test
    void everyGenerationEndsOnceWhileNodesExpire() {
        // given
        Random random = new Random(7);
        startProcesses();

        // when
        awaitEnd(Duration.ofMillis(10), () -> expireRandomNode(random));

        // then
        assertThatAllEndedOnce();
        assertThat(Integer.parseInt(
                        queue.queryValue("SELECT count(*) FROM generation_attempts WHERE outcome = 'LOST'")))
                .as("attempts were lost")
                .isPositive();
    }

    @Test
    void everyGenerationEndsOnceWhileConnectionsBreak() {
        // given
        startProcesses();

        // when
        awaitEnd(Duration.ofMillis(100), () -> TestPostgres.terminateBackends(queue.url.database()));

        // then
        assertThatAllEndedOnce();
    }

    private void startProcesses() {
        queue.execute("CREATE TABLE finished (id uuid)");
        for (int i = 0; i < GENERATIONS; i++) {
            queue.submit();
        }
        FakeImageBackend backend = new FakeImageBackend(request -> randomOutcome());
        for (int i = 0; i < NODES; i++) {
            startProcess(backend);
        }
    }

    private void awaitEnd(Duration interval, Runnable fault) {
        Awaitility.await("all ended")
                .atMost(Duration.ofSeconds(60))
                .pollInterval(interval)
                .until(() -> {
                    fault.run();
                    assertThat(queue.findViolations()).isEmpty();
                    return queue.queryValue("SELECT count(*) FROM generations WHERE status <> 'PENDING'")
                            .equals(String.valueOf(GENERATIONS));
                });
    }

    private void assertThatAllEndedOnce() {
        assertThat(queue.query("SELECT DISTINCT status FROM generations")).containsExactly("COMPLETE");
        assertThat(queue.queryValue("SELECT count(*) || ' ' || count(DISTINCT id) FROM finished"))
                .isEqualTo(GENERATIONS + " " + GENERATIONS);
        assertThat(queue.query("SELECT 1 FROM generation_queue")).isEmpty();
        assertThat(queue.findViolations()).isEmpty();
    }
}
