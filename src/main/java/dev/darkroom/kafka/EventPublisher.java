package dev.darkroom.kafka;

import dev.darkroom.node.LocalNode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes the events of the outbox, batch after batch, while this node holds the lease. Any failure closes the producer; the next attempt
 * claims the lease again and opens another producer. Holds at most one batch in memory. Belongs to one event loop.
 */
final class EventPublisher {
    private static final Logger LOG = LoggerFactory.getLogger(EventPublisher.class);

    /** Events of a batch, and so of a transaction. An event has less than 5 kB. */
    static final int BATCH_SIZE = 500;

    /** Pause after a batch that was not full, so that a steady stream of single events does not make a transaction of each. */
    private static final Duration BATCH_INTERVAL = Duration.ofMillis(50);

    private static final Duration MIN_BACKOFF = Duration.ofSeconds(1);
    private static final Duration MAX_BACKOFF = Duration.ofSeconds(30);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration WARNING_INTERVAL = Duration.ofMinutes(1);

    private final Vertx vertx;
    private final LocalNode localNode;
    private final EventOutboxStore store;
    private final EventProducer.Factory producerFactory;
    private final PublicationStatus status;

    private EventProducer producer;
    private UUID leaseHolder;
    /** Committed by the broker, and to be deleted before the next batch is read. */
    private List<OutboxEvent> published = List.of();

    private Promise<Void> run;
    private boolean woken;
    private boolean stopped;
    private Duration backoff = Duration.ZERO;
    private long backoffUntil = System.nanoTime();
    private long warnAt = System.nanoTime();

    EventPublisher(
            Vertx vertx,
            LocalNode localNode,
            EventOutboxStore store,
            EventProducer.Factory producerFactory,
            PublicationStatus status) {
        this.vertx = vertx;
        this.localNode = localNode;
        this.store = store;
        this.producerFactory = producerFactory;
        this.status = status;
    }

    /** Publishes the events in the outbox. Does nothing after a failure until its backoff ends. Never fails. */
    Future<Void> publish() {
        if (run != null) {
            woken = true;
            return run.future();
        }
        if (stopped || System.nanoTime() - backoffUntil < 0) {
            return Future.succeededFuture();
        }
        run = Promise.promise();
        Future<Void> done = run.future();
        publishBatches();
        return done;
    }

    private void publishBatches() {
        woken = false;
        publishBatch().onComplete(batch -> {
            if (batch.succeeded() && batch.result() == BATCH_SIZE && !stopped) {
                publishBatches();
            } else if (batch.succeeded() && woken && !stopped) {
                vertx.setTimer(BATCH_INTERVAL.toMillis(), timer -> publishBatches());
            } else {
                (batch.failed() ? recover(batch.cause()) : Future.succeededFuture()).onComplete(done -> {
                    Promise<Void> ended = run;
                    run = null;
                    ended.complete();
                });
            }
        });
    }

    /** Completes with the number of published events. */
    private Future<Integer> publishBatch() {
        return deletePublished()
                .compose(deleted -> holdLease())
                .compose(held -> held ? readAndPublish() : Future.succeededFuture(0));
    }

    /** Claims the lease and opens a producer unless this node has both. The producer follows the lease, so that the newest holder fences. */
    private Future<Boolean> holdLease() {
        UUID nodeId = localNode.validId().orElse(null);
        if (producer != null && nodeId != null && nodeId.equals(leaseHolder)) {
            return Future.succeededFuture(true);
        }
        return closeProducer().compose(closed -> {
            UUID claiming = localNode.claimingId().orElse(null);
            if (claiming == null) {
                return Future.succeededFuture(false);
            }
            return store.claim(claiming)
                    .compose(claimed -> claimed ? openProducer(claiming) : Future.succeededFuture(false));
        });
    }

    private Future<Boolean> openProducer(UUID nodeId) {
        leaseHolder = nodeId;
        return producerFactory.open().map(opened -> {
            LOG.atInfo().addKeyValue("node", nodeId).log("event publisher started");
            producer = opened;
            status.publisher(true);
            return true;
        });
    }

    private Future<Integer> readAndPublish() {
        return store.read(leaseHolder, BATCH_SIZE).compose(found -> {
            if (found.isEmpty()) {
                LOG.atInfo().addKeyValue("node", leaseHolder).log("event publisher lease lost");
                return closeProducer().map(0);
            }
            List<OutboxEvent> events = found.get();
            return events.isEmpty()
                    ? Future.succeededFuture(0)
                    : producer.publish(events)
                            .onSuccess(done -> recordPublished(events))
                            .compose(done -> deletePublished())
                            .map(events.size());
        });
    }

    private void recordPublished(List<OutboxEvent> events) {
        published = events;
        status.recordPublished(events.size());
        if (!backoff.isZero()) {
            LOG.atInfo().addKeyValue("events", events.size()).log("events published again");
            backoff = Duration.ZERO;
        }
    }

    private Future<Void> deletePublished() {
        return published.isEmpty()
                ? Future.succeededFuture()
                : store.deletePublished(published).onSuccess(deleted -> published = List.of());
    }

    private Future<Void> recover(Throwable error) {
        backoff = backoff.isZero() ? MIN_BACKOFF : min(backoff.multipliedBy(2), MAX_BACKOFF);
        double jitter = 0.8 + 0.2 * ThreadLocalRandom.current().nextDouble();
        backoffUntil = System.nanoTime() + (long) (backoff.toNanos() * jitter);
        status.recordFailure(error);
        if (System.nanoTime() - warnAt >= 0) {
            warnAt = System.nanoTime() + WARNING_INTERVAL.toNanos();
            LOG.atWarn()
                    .addKeyValue("waiting", status.waitingEvents())
                    .addKeyValue("oldestAgeSeconds", Math.round(status.oldestAgeSeconds()))
                    .addKeyValue("reason", error)
                    .log("events not published, retry scheduled");
        }
        // Another process may reach the broker.
        return closeProducer().compose(closed -> releaseLease()).otherwiseEmpty();
    }

    private static Duration min(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private Future<Void> closeProducer() {
        EventProducer closing = producer;
        producer = null;
        status.publisher(false);
        return closing == null ? Future.succeededFuture() : closing.close();
    }

    private Future<Void> releaseLease() {
        UUID holder = leaseHolder;
        leaseHolder = null;
        return holder == null ? Future.succeededFuture() : store.release(holder);
    }

    /** Waits for the current batch, at most five seconds, and releases the lease. */
    Future<Void> stop() {
        stopped = true;
        Future<Void> running = run == null ? Future.succeededFuture() : run.future();
        long timeout = vertx.setTimer(STOP_TIMEOUT.toMillis(), timer -> closeProducer());
        return running.onComplete(ended -> vertx.cancelTimer(timeout))
                .compose(ended -> closeProducer())
                .compose(closed -> releaseLease())
                .otherwiseEmpty();
    }
}
