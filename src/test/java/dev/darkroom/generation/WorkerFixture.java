package dev.darkroom.generation;

import static dev.darkroom.generation.QueueFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.Guard;
import dev.darkroom.config.Settings;
import dev.darkroom.image.ImageStore;
import dev.darkroom.image.ImageStoreHealth;
import dev.darkroom.node.Node;
import dev.darkroom.node.NodeVerticle;
import io.vertx.core.eventbus.DeliveryOptions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;

/** A process that has joined and can be put to work, on a queue that is looked after elsewhere. Blocking. */
final class WorkerFixture {
    /** Trusted for long, so that no test loses its identity by accident; sweeps that never come within a test. */
    private static final Settings.Node NODE =
            new Settings.Node(Duration.ofMillis(100), Duration.ofMinutes(10), Duration.ofMinutes(5));

    final Node node = new Node(System::nanoTime);
    private final QueueFixture queue;

    WorkerFixture(QueueFixture queue) {
        this.queue = queue;
        await(queue.vertx.deployVerticle(new NodeVerticle(node, queue.database, NODE, "test")));
    }

    /** A worker for four calls at once that polls only when told to, with 200 ms of grace. */
    String deploy(FakeBackend backend) {
        return deploy(backend, Duration.ofMillis(200));
    }

    String deploy(FakeBackend backend, Duration grace) {
        return deploy(backend, settings(grace));
    }

    /** For four calls at once, with polls that never come within a test. */
    Settings settings(Duration grace) {
        Settings base = queue.settings;
        return new Settings(
                base.publicUrl(),
                base.dataDir(),
                base.imageDir(),
                base.auth(),
                base.authLocalAnywhere(),
                base.jwt(),
                base.links(),
                base.http(),
                base.connections(),
                base.management(),
                base.simulator(),
                base.api(),
                base.limits(),
                base.generation(),
                base.notifications(),
                base.streams(),
                new Settings.Worker(4, Duration.ofMinutes(5)),
                base.retry(),
                base.backend(),
                base.outbound(),
                base.database(),
                NODE,
                base.retention(),
                base.webhooks(),
                base.cluster(),
                new Settings.Shutdown(grace),
                base.log());
    }

    String deploy(FakeBackend backend, Settings settings) {
        return deploy(backend, settings, FakeBackend.NO_DISK, new ImageStoreHealth());
    }

    String deploy(FakeBackend backend, Settings settings, ImageStore images, ImageStoreHealth health) {
        Guard guard = new Guard(
                queue.vertx, backend, 4, settings.backend().breaker(), Duration.ofMinutes(10), System::nanoTime);
        return await(queue.vertx.deployVerticle(new WorkerVerticle(
                node, guard, backend.name(), queue.database, queue.hints, images, health, settings, List.of())));
    }

    void wake() {
        queue.vertx.eventBus().publish(GenerationBus.WAKE, null, new DeliveryOptions().setLocalOnly(true));
    }

    static void awaitTrue(String what, Callable<Boolean> condition) {
        Awaitility.await(what)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(10))
                .until(condition);
    }

    void awaitComplete(int count) {
        awaitTrue(
                count + " complete",
                () -> queue.value("SELECT count(*) FROM generations WHERE status = 'COMPLETE'")
                        .equals(String.valueOf(count)));
        assertThat(queue.brokenInvariants()).isEmpty();
    }

    String leased() {
        return queue.value("SELECT count(*) FROM generation_queue WHERE lease_owner IS NOT NULL");
    }

    String attempts() {
        return queue.value("SELECT string_agg(outcome || ' ' || counted, ', ') FROM generation_attempts");
    }
}
