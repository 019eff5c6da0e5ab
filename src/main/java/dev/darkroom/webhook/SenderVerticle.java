package dev.darkroom.webhook;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.Hints;
import dev.darkroom.egress.CallHandle;
import dev.darkroom.egress.Courier;
import dev.darkroom.egress.RetryAfter;
import dev.darkroom.lease.Attempt;
import dev.darkroom.lease.ClaimLoop;
import dev.darkroom.lease.Fence;
import dev.darkroom.lease.Recorder;
import dev.darkroom.lease.Sweep;
import dev.darkroom.lease.Work;
import dev.darkroom.node.DatabaseClock;
import dev.darkroom.node.Node;
import dev.darkroom.notification.RecordStore;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Claims due deliveries and attempts them, and takes back those of dead processes. One instance per process; its state lives on its event
 * loop. It is woken when something comes to the queue here, by hints of other processes, and by a poll that alone would do.
 */
public final class SenderVerticle extends VerticleBase {
    /** What is worked on, as the log calls it. */
    private static final String NOUN = "delivery";

    /** After a call is over, so much is left to write it down before somebody takes the delivery back. */
    private static final Duration RECORDING = Duration.ofSeconds(5);

    private final Node node;
    private final DeliveryStore store;
    private final Courier courier;
    private final Hints hints;
    private final Settings settings;
    private final Database database;
    private DatabaseClock clock;
    private DeliveryRunner runner;
    private ClaimLoop<DeliveryLease> loop;
    private Sweep sweep;

    /**
     * @param records where users are told that an endpoint was disabled
     * @param courier for deliveries alone
     */
    public SenderVerticle(
            Node node, Database database, RecordStore records, Courier courier, Hints hints, Settings settings) {
        this.node = node;
        this.database = database;
        this.store = new DeliveryStore(database, records);
        this.courier = courier;
        this.hints = hints;
        this.settings = settings;
    }

    @Override
    public Future<?> start() {
        Context eventLoop = vertx.getOrCreateContext();
        runner = new DeliveryRunner(
                courier,
                store,
                new Recorder<>(vertx, node, NOUN, store::recorded),
                new Schedule(
                        settings.webhooks().schedule(),
                        () -> ThreadLocalRandom.current().nextDouble()),
                new RetryAfter(Clock.systemUTC()));
        loop = new ClaimLoop<>(
                vertx,
                node,
                new Deliveries(),
                new ClaimLoop.Times(
                        settings.webhooks().poll(),
                        settings.node().sweep(),
                        settings.shutdown().grace()));
        clock = new DatabaseClock(
                database,
                System::nanoTime,
                NOUN,
                step -> store.adjust(step, settings.webhooks().timeout().plus(RECORDING)));
        sweep = new Sweep(
                vertx,
                settings.node().sweep(),
                NOUN,
                List.of(new Sweep.Errand<DeliveryStore.Abandoned>(
                        this::abandoned, found -> found.lease().deliveryId(), runner::takeBack)));
        hints.listen(WebhookBus.HINT, () -> eventLoop.runOnContext(hint -> loop.claim()));
        sweep.start();
        loop.start();
        return vertx.eventBus()
                .localConsumer(WebhookBus.WAKE, wake -> loop.claim())
                .completion();
    }

    /** After a step of the database's clock every node may seem dead; each has a lease's time to say that it is not. */
    private Future<List<DeliveryStore.Abandoned>> abandoned() {
        return clock.check()
                .compose(checked -> clock.settledFor(settings.node().ttl())
                        ? store.abandoned(Sweep.DEADLINE_GRACE, Sweep.BATCH)
                        : Future.succeededFuture(List.of()));
    }

    /** Waits for the attempts under way as {@link ClaimLoop#stop} does. */
    @Override
    public Future<?> stop() {
        return Future.join(sweep.stop(), loop.stop());
    }

    private final class Deliveries implements Work<DeliveryLease> {

        @Override
        public String noun() {
            return NOUN;
        }

        @Override
        public int places() {
            return settings.webhooks().atOnce();
        }

        @Override
        public int free(int running) {
            return places() - running;
        }

        @Override
        public Future<List<DeliveryLease>> claim(UUID nodeId, int limit) {
            return store.claim(nodeId, limit, settings.webhooks().timeout().plus(RECORDING));
        }

        @Override
        public Attempt attempt(DeliveryLease lease) {
            return new Post(lease);
        }

        @Override
        public Future<List<Fence>> held(UUID nodeId, Duration age) {
            return store.held(nodeId, age);
        }

        @Override
        public Future<Boolean> release(Fence fence) {
            return store.release(fence);
        }
    }

    private final class Post implements Attempt {
        private final DeliveryLease lease;
        private final CallHandle handle = new CallHandle();
        private boolean lost;

        Post(DeliveryLease lease) {
            this.lease = lease;
        }

        @Override
        public Future<Duration> make() {
            return runner.run(lease, handle, () -> lost);
        }

        @Override
        public Future<Duration> giveBack() {
            return runner.giveBack(lease);
        }

        @Override
        public void abort() {
            handle.abort();
        }

        @Override
        public void breakOff() {
            lost = true;
            handle.abort();
        }
    }
}
