package dev.darkroom.webhook;

import dev.darkroom.http.AbortHandle;
import dev.darkroom.http.GuardedHttpClient;
import dev.darkroom.http.HttpCallException;
import dev.darkroom.http.HttpCallException.Reason;
import dev.darkroom.http.RetryAfterParser;
import dev.darkroom.queue.OutcomeRecorder;
import dev.darkroom.webhook.WebhookDeliveryStore.DisableReason;
import dev.darkroom.webhook.WebhookDeliveryStore.RecordedAttempt;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes one attempt to deliver: posts, and writes what came of it. No transaction is open while it waits for the receiver. */
final class DeliveryAttemptRunner {
    private static final Logger LOG = LoggerFactory.getLogger(DeliveryAttemptRunner.class);

    /** Later than this a poll finds it: no timer is kept for hours. */
    private static final Duration MAX_TIMER_DELAY = Duration.ofMinutes(1);

    private final GuardedHttpClient httpClient;
    private final WebhookDeliveryStore store;
    private final OutcomeRecorder<WebhookDeliveryLease, DeliveryAttemptOutcome> outcomeRecorder;
    private final RetrySchedule retrySchedule;
    private final RetryAfterParser retryAfterParser;

    DeliveryAttemptRunner(
            GuardedHttpClient guardedHttpClient,
            WebhookDeliveryStore store,
            OutcomeRecorder<WebhookDeliveryLease, DeliveryAttemptOutcome> outcomeRecorder,
            RetrySchedule retrySchedule,
            RetryAfterParser retryAfterParser) {
        this.httpClient = guardedHttpClient;
        this.store = store;
        this.outcomeRecorder = outcomeRecorder;
        this.retrySchedule = retrySchedule;
        this.retryAfterParser = retryAfterParser;
    }

    /**
     * Makes the attempt.
     *
     * @param lost whether the lease was found not to be ours any more, so that there is nothing to write
     * @return completes, never fails, when everything is written; as {@link dev.darkroom.queue.JobAttempt#run}
     */
    Future<Duration> run(WebhookDeliveryLease lease, AbortHandle handle, BooleanSupplier lost) {
        if (lease.webhookDisabled()) {
            return outcomeRecorder
                    .record(lease, null, lost, () -> emptyUnlessHeld(store.dropClaimed(lease)))
                    .map(dropped -> null);
        }
        String id = lease.notificationId().toString();
        return httpClient
                .post(
                        lease.url(),
                        WebhookRequestHeaders.of(
                                id, lease.sentAtSeconds(), lease.payloadFormat(), lease.secrets(), lease.body()),
                        lease.body(),
                        handle)
                .transform(done -> {
                    if (done.failed()) {
                        HttpCallException failed = (HttpCallException) done.cause();
                        return failed.reason() == Reason.ABORTED
                                ? requeueInterrupted(lease, lost)
                                : recordFailed(lease, DeliveryAttemptOutcome.FAILED, DeliveryFailure.of(failed), lost);
                    }
                    DeliveryFailure deliveryFailure = DeliveryFailure.of(done.result(), retryAfterParser);
                    return deliveryFailure == null
                            ? recordDelivered(lease, done.result().status(), lost)
                            : recordFailed(lease, DeliveryAttemptOutcome.FAILED, deliveryFailure, lost);
                });
    }

    private Future<Duration> recordDelivered(WebhookDeliveryLease lease, int status, BooleanSupplier lost) {
        return outcomeRecorder
                .record(lease, DeliveryAttemptOutcome.DELIVERED, lost, () -> store.recordDelivered(lease, status))
                .map(recorded -> {
                    recorded.ifPresent(done ->
                            logBuilder(lease).addKeyValue("status", status).log("delivered"));
                    return null;
                });
    }

    private Future<Duration> recordFailed(
            WebhookDeliveryLease lease,
            DeliveryAttemptOutcome outcome,
            DeliveryFailure deliveryFailure,
            BooleanSupplier lost) {
        Optional<Duration> delay =
                deliveryFailure.gone() ? Optional.empty() : retrySchedule.nextDelay(lease.failures(), deliveryFailure);
        return outcomeRecorder
                .record(lease, outcome, lost, () -> writeFailure(lease, outcome, deliveryFailure, delay))
                .map(recorded -> {
                    recorded.ifPresent(done -> logBuilder(lease)
                            .addKeyValue("code", deliveryFailure.code())
                            .addKeyValue("retryAt", done.retryAt())
                            .log("not delivered"));
                    return delay.filter(wait -> wait.compareTo(MAX_TIMER_DELAY) < 0)
                            .orElse(null);
                });
    }

    private Future<Optional<RecordedAttempt>> writeFailure(
            WebhookDeliveryLease lease,
            DeliveryAttemptOutcome outcome,
            DeliveryFailure deliveryFailure,
            Optional<Duration> delay) {
        DisableReason disableReason = disableReason(lease, deliveryFailure);
        return delay.isPresent()
                ? store.requeueAfterFailure(lease, outcome, deliveryFailure, delay.get(), true, disableReason)
                : store.recordFailed(lease, outcome, deliveryFailure, true, disableReason);
    }

    /** The database has the last word on how long it has failed. */
    private static DisableReason disableReason(WebhookDeliveryLease lease, DeliveryFailure deliveryFailure) {
        if (deliveryFailure.gone()) {
            return DisableReason.GONE;
        }
        boolean tooLong =
                lease.failingFor() != null && lease.failingFor().compareTo(WebhookDeliveryStore.DISABLE_AFTER) >= 0;
        return tooLong ? DisableReason.FAILING_FOR_5_DAYS : null;
    }

    /** Goes back at once and uncounted: the receiver is not to blame. It may have got it; that is what its id is for. */
    private Future<Duration> requeueInterrupted(WebhookDeliveryLease lease, BooleanSupplier lost) {
        if (lost.getAsBoolean()) {
            return Future.succeededFuture();
        }
        return outcomeRecorder
                .record(
                        lease,
                        DeliveryAttemptOutcome.INTERRUPTED,
                        lost,
                        () -> store.requeueAfterFailure(
                                lease,
                                DeliveryAttemptOutcome.INTERRUPTED,
                                DeliveryFailure.ofCode("INTERRUPTED"),
                                Duration.ZERO,
                                false,
                                null))
                .map(requeued -> null);
    }

    /** Ends a lease with which nothing was done. Completes like {@link #run}. */
    Future<Duration> release(WebhookDeliveryLease lease) {
        return outcomeRecorder
                .record(lease, null, () -> false, () -> emptyUnlessHeld(store.release(lease.fencingToken())))
                .map(released -> null);
    }

    /** Takes back what nobody will end: to the receiver it is as if the attempt had failed, only nobody is to blame. */
    Future<?> recoverAbandoned(WebhookDeliveryStore.AbandonedDelivery abandonedDelivery) {
        WebhookDeliveryLease lease = abandonedDelivery.lease();
        DeliveryAttemptOutcome outcome =
                abandonedDelivery.ownerAlive() ? DeliveryAttemptOutcome.TIMEOUT : DeliveryAttemptOutcome.LOST;
        DeliveryFailure deliveryFailure =
                DeliveryFailure.ofCode(abandonedDelivery.ownerAlive() ? "OVERRAN" : "NODE_DIED");
        Optional<Duration> delay = retrySchedule.nextDelay(lease.failures(), deliveryFailure);
        return delay.isPresent()
                ? store.requeueAfterFailure(lease, outcome, deliveryFailure, delay.get(), false, null)
                : store.recordFailed(lease, outcome, deliveryFailure, false, null);
    }

    private static Future<Optional<Boolean>> emptyUnlessHeld(Future<Boolean> ending) {
        return ending.map(held -> held ? Optional.of(true) : Optional.empty());
    }

    private static org.slf4j.spi.LoggingEventBuilder logBuilder(WebhookDeliveryLease lease) {
        return LOG.atInfo()
                .addKeyValue("delivery", lease.deliveryId())
                .addKeyValue("notification", lease.notificationId())
                .addKeyValue("webhook", lease.webhookId())
                .addKeyValue("generation", lease.generationId())
                .addKeyValue("attempt", lease.number());
    }
}
