package dev.darkroom.generation.worker;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.InputImageLoader;
import dev.darkroom.backend.executor.BackendExecutor;
import dev.darkroom.config.NodeRole;
import dev.darkroom.config.Settings;
import dev.darkroom.config.TestSettings;
import dev.darkroom.generation.GenerationSignals;
import dev.darkroom.generation.ImmediateStart;
import dev.darkroom.generation.route.BackendRouter;
import dev.darkroom.generation.route.TestModels;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreHealth;
import dev.darkroom.node.LocalNode;
import dev.darkroom.node.NodeHeartbeatVerticle;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;

/** Registered node for workers on the queue of another fixture. Blocking. */
final class GenerationWorkerFixture {
    /** Long validity, so that no test loses its identity by accident; no lease check is due within a test. */
    private static final Settings.Node NODE = new Settings.Node(
            EnumSet.allOf(NodeRole.class), Duration.ofMillis(100), Duration.ofMinutes(10), Duration.ofMinutes(5));

    final LocalNode localNode = new LocalNode(System::nanoTime);
    /** Connected with each deployed worker. Submissions of the database fixture do not use it. */
    final ImmediateStart immediateStart = new ImmediateStart();

    final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    private final GenerationDatabaseFixture queue;
    private boolean drained;

    GenerationWorkerFixture(GenerationDatabaseFixture queue) {
        this.queue = queue;
        await(queue.vertx.deployVerticle(new NodeHeartbeatVerticle(localNode, queue.database, NODE, "test")));
    }

    /** Drains the AI servers of workers that are deployed afterwards. */
    void drain() {
        drained = true;
    }

    /** Deploys a worker for four concurrent calls, without polls and with a grace period of 200 ms. */
    String deploy(FakeImageBackend backend) {
        return deploy(backend, Duration.ofMillis(200));
    }

    String deploy(FakeImageBackend backend, Duration grace) {
        return deploy(backend, workerSettings(grace));
    }

    /** Returns settings for four concurrent calls; no poll is due within a test. */
    Settings workerSettings(Duration grace) {
        return TestSettings.with(
                queue.settings,
                "worker",
                new Settings.Worker(4, Duration.ofMinutes(5)),
                "node",
                NODE,
                "shutdown",
                new Settings.Shutdown(grace));
    }

    String deploy(FakeImageBackend backend, Settings settings) {
        return deploy(backend, settings, FakeImageBackend.DISCARDING_STORE, new ImageStoreHealth());
    }

    String deploy(FakeImageBackend backend, Settings settings, ImageStore images, ImageStoreHealth health) {
        BackendExecutor backendExecutor = new BackendExecutor(
                queue.vertx, backend, 4, 0, settings.backend().breaker(), Duration.ofMinutes(10), System::nanoTime);
        backendExecutor.setDrained(drained);
        return await(queue.vertx.deployVerticle(new GenerationWorkerVerticle(
                localNode,
                new BackendRouter(TestModels.catalog(settings.models(), settings.backends()), List.of(backendExecutor)),
                immediateStart,
                queue.database,
                queue.notifyChannel,
                images,
                health,
                InputImageLoader.NONE,
                settings,
                List.of(),
                new AttemptMetrics(registry))));
    }

    void wakeWorkers() {
        GenerationSignals.SUBMITTED.publish(queue.notifyChannel);
    }

    static void awaitTrue(String description, Callable<Boolean> condition) {
        Awaitility.await(description)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(10))
                .until(condition);
    }

    void awaitComplete(int count) {
        awaitTrue(
                count + " complete",
                () -> queue.queryValue("SELECT count(*) FROM generations WHERE status = 'COMPLETE'")
                        .equals(String.valueOf(count)));
        assertThat(queue.findViolations()).isEmpty();
    }

    String countLeased() {
        return queue.queryValue("SELECT count(*) FROM generation_queue WHERE lease_owner IS NOT NULL");
    }

    String attemptOutcomes() {
        return queue.queryValue("SELECT string_agg(outcome || ' ' || counted, ', ') FROM generation_attempts");
    }
}
