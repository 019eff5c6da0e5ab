package dev.darkroom.webhook;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.http.GuardedHttpClient;
import dev.darkroom.http.HttpExchange;
import dev.darkroom.http.RetryAfterParser;
import dev.darkroom.node.DatabaseClock;
import dev.darkroom.node.LocalNode;
import dev.darkroom.notification.NotificationWriter;
import dev.darkroom.queue.ClaimLoop;
import dev.darkroom.queue.ClaimedJobs;
import dev.darkroom.queue.FencingToken;
import dev.darkroom.queue.JobAttempt;
import dev.darkroom.queue.JobQueue;
import dev.darkroom.queue.LeaseReaper;
import dev.darkroom.queue.OutcomeRecorder;
import dev.darkroom.telemetry.Tracing;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Claims due deliveries, runs their attempts and recovers the deliveries of expired nodes. Claims after a local wake-up, after a NOTIFY
 * message of another process, and periodically; polling alone is sufficient for correctness. One instance per process; its state is
 * confined to its event loop.
 */
public final class WebhookSenderVerticle extends VerticleBase {
    /** Name of the job in log messages. */
    private static final String JOB_NAME = "delivery";

    /** Time added to the request timeout for recording the outcome, before the reaper recovers the delivery. */
    private static final Duration RECORDING_TIME = Duration.ofSeconds(5);

    private final LocalNode localNode;
    private final WebhookDeliveryStore store;
    private final GuardedHttpClient httpClient;
    private final NotifyChannel notifyChannel;
    private final PayloadRenderer payloadRenderer;
    private final DeliveryMetrics metrics;
    private final Settings settings;
    private final Database database;
    private DatabaseClock clock;
    private DeliveryAttemptRunner attemptRunner;
    private ClaimLoop<WebhookDeliveryLease> claimLoop;
    private LeaseReaper reaper;

    /**
     * @param notificationWriter stores the notification that a webhook was disabled
     * @param guardedHttpClient client used for deliveries only
     * @param payloadRenderer renders payloads with {@link PayloadFormat#PREDICTION}
     */
    public WebhookSenderVerticle(
            LocalNode localNode,
            Database database,
            NotificationWriter notificationWriter,
            GuardedHttpClient guardedHttpClient,
            NotifyChannel notifyChannel,
            PayloadRenderer payloadRenderer,
            DeliveryMetrics metrics,
            Settings settings) {
        this.localNode = localNode;
        this.database = database;
        this.store = new WebhookDeliveryStore(database, notificationWriter);
        this.httpClient = guardedHttpClient;
        this.notifyChannel = notifyChannel;
        this.payloadRenderer = payloadRenderer;
        this.metrics = metrics;
        this.settings = settings;
    }

    @Override
    public Future<?> start() {
        attemptRunner = new DeliveryAttemptRunner(
                httpClient,
                store,
                new OutcomeRecorder<>(vertx, localNode, JOB_NAME, store::recorded),
                new RetrySchedule(
                        settings.webhooks().retryDelays(),
                        () -> ThreadLocalRandom.current().nextDouble()),
                new RetryAfterParser(Clock.systemUTC()),
                payloadRenderer,
                metrics,
                Tracing.of(vertx));
        claimLoop = new ClaimLoop<>(
                vertx,
                localNode,
                new DeliveryQueue(),
                new ClaimLoop.Intervals(
                        settings.webhooks().pollInterval(),
                        settings.node().reapInterval(),
                        settings.shutdown().gracePeriod()));
        clock = new DatabaseClock(
                database,
                System::nanoTime,
                JOB_NAME,
                step -> store.adjustAfterClockStep(
                        step, settings.webhooks().timeout().plus(RECORDING_TIME)));
        reaper = new LeaseReaper(
                vertx,
                settings.node().reapInterval(),
                JOB_NAME,
                List.of(new LeaseReaper.ReapTask<WebhookDeliveryStore.AbandonedDelivery>(
                        this::findAbandoned, found -> found.lease().deliveryId(), attemptRunner::recoverAbandoned)));
        WebhookBus.ENQUEUED.subscribe(vertx, notifyChannel, key -> claimLoop.claim());
        reaper.start();
        claimLoop.start();
        return Future.succeededFuture();
    }

    /**
     * Finds abandoned deliveries. Returns none for one node TTL after a step of the database clock, because every node may seem expired
     * until it renews its registration.
     */
    private Future<List<WebhookDeliveryStore.AbandonedDelivery>> findAbandoned() {
        return clock.check()
                .compose(checked -> clock.isStableFor(settings.node().ttl())
                        ? store.findAbandoned(LeaseReaper.DEADLINE_GRACE, LeaseReaper.BATCH_SIZE)
                        : Future.succeededFuture(List.of()));
    }

    /** Waits for running attempts like {@link ClaimLoop#stop}. */
    @Override
    public Future<?> stop() {
        return Future.join(reaper.stop(), claimLoop.stop());
    }

    private final class DeliveryQueue implements JobQueue<WebhookDeliveryLease> {

        @Override
        public String jobName() {
            return JOB_NAME;
        }

        @Override
        public int concurrency() {
            return settings.webhooks().concurrency();
        }

        @Override
        public int freeCapacity(int running) {
            return concurrency() - running;
        }

        @Override
        public Future<ClaimedJobs<WebhookDeliveryLease>> claim(UUID nodeId, int limit) {
            return store.claim(nodeId, limit, settings.webhooks().timeout().plus(RECORDING_TIME))
                    .map(leases -> new ClaimedJobs<>(leases, leases.size() == limit));
        }

        @Override
        public JobAttempt createAttempt(WebhookDeliveryLease lease) {
            return new DeliveryAttempt(lease);
        }

        @Override
        public Future<List<FencingToken>> findHeld(UUID nodeId, Duration age) {
            return store.findHeldLeases(nodeId, age);
        }

        @Override
        public Future<Boolean> release(FencingToken fencingToken) {
            return store.release(fencingToken);
        }
    }

    private final class DeliveryAttempt implements JobAttempt {
        private final WebhookDeliveryLease lease;
        private final HttpExchange exchange = new HttpExchange();
        private boolean lost;

        DeliveryAttempt(WebhookDeliveryLease lease) {
            this.lease = lease;
        }

        @Override
        public Future<Duration> run() {
            return attemptRunner.run(lease, exchange, () -> lost);
        }

        @Override
        public Future<Duration> release() {
            return attemptRunner.release(lease);
        }

        @Override
        public void abort() {
            exchange.abort();
        }

        @Override
        public void abandon() {
            lost = true;
            exchange.abort();
        }
    }
}
