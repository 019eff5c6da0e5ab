package dev.darkroom.webhook;

import dev.darkroom.egress.CallFailedException;
import dev.darkroom.egress.CallFailedException.Why;
import dev.darkroom.egress.CallHandle;
import dev.darkroom.egress.Courier;
import dev.darkroom.egress.RetryAfter;
import dev.darkroom.lease.Recorder;
import dev.darkroom.webhook.DeliveryStore.Disabling;
import dev.darkroom.webhook.DeliveryStore.Recorded;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes one attempt to deliver: posts, and writes what came of it. No transaction is open while it waits for the receiver. */
final class DeliveryRunner {
    private static final Logger LOG = LoggerFactory.getLogger(DeliveryRunner.class);

    /** Later than this a poll finds it: no timer is kept for hours. */
    private static final Duration LONGEST_TIMER = Duration.ofMinutes(1);

    private final Courier courier;
    private final DeliveryStore store;
    private final Recorder<DeliveryLease, DeliveryOutcome> recorder;
    private final Schedule schedule;
    private final RetryAfter retryAfter;

    DeliveryRunner(
            Courier courier,
            DeliveryStore store,
            Recorder<DeliveryLease, DeliveryOutcome> recorder,
            Schedule schedule,
            RetryAfter retryAfter) {
        this.courier = courier;
        this.store = store;
        this.recorder = recorder;
        this.schedule = schedule;
        this.retryAfter = retryAfter;
    }

    /**
     * Makes the attempt.
     *
     * @param lost whether the lease was found not to be ours any more, so that there is nothing to write
     * @return completes, never fails, when everything is written; as {@link dev.darkroom.lease.Attempt#make}
     */
    Future<Duration> run(DeliveryLease lease, CallHandle handle, BooleanSupplier lost) {
        if (lease.disabled()) {
            return recorder.record(lease, null, lost, () -> held(store.drop(lease)))
                    .map(dropped -> null);
        }
        String id = lease.notificationId().toString();
        return courier.post(
                        lease.url(),
                        MessageHeaders.of(id, lease.sentAt(), lease.format(), lease.secrets(), lease.body()),
                        lease.body(),
                        handle)
                .transform(done -> {
                    if (done.failed()) {
                        CallFailedException failed = (CallFailedException) done.cause();
                        return failed.why() == Why.ABORTED
                                ? interrupted(lease, lost)
                                : failed(lease, DeliveryOutcome.FAILED, Failure.of(failed), lost);
                    }
                    Failure failure = Failure.of(done.result(), retryAfter);
                    return failure == null
                            ? delivered(lease, done.result().status(), lost)
                            : failed(lease, DeliveryOutcome.FAILED, failure, lost);
                });
    }

    private Future<Duration> delivered(DeliveryLease lease, int status, BooleanSupplier lost) {
        return recorder.record(lease, DeliveryOutcome.DELIVERED, lost, () -> store.delivered(lease, status))
                .map(recorded -> {
                    recorded.ifPresent(
                            done -> line(lease).addKeyValue("status", status).log("delivered"));
                    return null;
                });
    }

    private Future<Duration> failed(
            DeliveryLease lease, DeliveryOutcome outcome, Failure failure, BooleanSupplier lost) {
        Optional<Duration> delay = failure.gone() ? Optional.empty() : schedule.next(lease.failures(), failure);
        return recorder.record(lease, outcome, lost, () -> write(lease, outcome, failure, delay))
                .map(recorded -> {
                    recorded.ifPresent(done -> line(lease)
                            .addKeyValue("code", failure.code())
                            .addKeyValue("retryAt", done.retryAt())
                            .log("not delivered"));
                    return delay.filter(wait -> wait.compareTo(LONGEST_TIMER) < 0)
                            .orElse(null);
                });
    }

    private Future<Optional<Recorded>> write(
            DeliveryLease lease, DeliveryOutcome outcome, Failure failure, Optional<Duration> delay) {
        Disabling disabling = disabling(lease, failure);
        return delay.isPresent()
                ? store.retry(lease, outcome, failure, delay.get(), true, disabling)
                : store.fail(lease, outcome, failure, true, disabling);
    }

    /** The database has the last word on how long it has failed. */
    private static Disabling disabling(DeliveryLease lease, Failure failure) {
        if (failure.gone()) {
            return Disabling.GONE;
        }
        boolean tooLong = lease.failingFor() != null && lease.failingFor().compareTo(DeliveryStore.FAILING) >= 0;
        return tooLong ? Disabling.FAILING_FOR_5_DAYS : null;
    }

    /** Goes back at once and uncounted: the receiver is not to blame. It may have got it; that is what its id is for. */
    private Future<Duration> interrupted(DeliveryLease lease, BooleanSupplier lost) {
        if (lost.getAsBoolean()) {
            return Future.succeededFuture();
        }
        return recorder.record(
                        lease,
                        DeliveryOutcome.INTERRUPTED,
                        lost,
                        () -> store.retry(
                                lease,
                                DeliveryOutcome.INTERRUPTED,
                                Failure.unknown("INTERRUPTED"),
                                Duration.ZERO,
                                false,
                                null))
                .map(requeued -> null);
    }

    /** Ends a lease with which nothing was done. Completes like {@link #run}. */
    Future<Duration> giveBack(DeliveryLease lease) {
        return recorder.record(lease, null, () -> false, () -> held(store.release(lease.fence())))
                .map(released -> null);
    }

    /** Takes back what nobody will end: to the receiver it is as if the attempt had failed, only nobody is to blame. */
    Future<?> takeBack(DeliveryStore.Abandoned abandoned) {
        DeliveryLease lease = abandoned.lease();
        DeliveryOutcome outcome = abandoned.ownerAlive() ? DeliveryOutcome.TIMEOUT : DeliveryOutcome.LOST;
        Failure failure = Failure.unknown(abandoned.ownerAlive() ? "OVERRAN" : "NODE_DIED");
        Optional<Duration> delay = schedule.next(lease.failures(), failure);
        return delay.isPresent()
                ? store.retry(lease, outcome, failure, delay.get(), false, null)
                : store.fail(lease, outcome, failure, false, null);
    }

    private static Future<Optional<Boolean>> held(Future<Boolean> ending) {
        return ending.map(held -> held ? Optional.of(true) : Optional.empty());
    }

    private static org.slf4j.spi.LoggingEventBuilder line(DeliveryLease lease) {
        return LOG.atInfo()
                .addKeyValue("delivery", lease.deliveryId())
                .addKeyValue("notification", lease.notificationId())
                .addKeyValue("webhook", lease.webhookId())
                .addKeyValue("generation", lease.generationId())
                .addKeyValue("attempt", lease.number());
    }
}
