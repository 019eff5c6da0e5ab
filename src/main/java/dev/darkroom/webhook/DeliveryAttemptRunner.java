package dev.darkroom.webhook;

import dev.darkroom.http.GuardedHttpClient;
import dev.darkroom.http.HttpCallException;
import dev.darkroom.http.HttpCallException.Reason;
import dev.darkroom.http.HttpExchange;
import dev.darkroom.http.RetryAfterParser;
import dev.darkroom.queue.OutcomeRecorder;
import dev.darkroom.telemetry.SpanAttribute;
import dev.darkroom.telemetry.SpanType;
import dev.darkroom.telemetry.TraceSpan;
import dev.darkroom.telemetry.Tracing;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs one delivery attempt: sends the request and records the outcome. No transaction is open during the request. */
record DeliveryAttemptRunner(
        GuardedHttpClient httpClient,
        WebhookDeliveryStore store,
        OutcomeRecorder<WebhookDeliveryLease, DeliveryAttemptOutcome> outcomeRecorder,
        RetrySchedule retrySchedule,
        RetryAfterParser retryAfterParser,
        PayloadRenderer payloadRenderer,
        DeliveryMetrics metrics,
        Tracing tracing) {
    private static final Logger LOG = LoggerFactory.getLogger(DeliveryAttemptRunner.class);

    /** Longest retry delay that gets a timer; the poll of the claim loop finds later retries. */
    private static final Duration MAX_TIMER_DELAY = Duration.ofMinutes(1);

    /**
     * Runs the attempt.
     *
     * @param lost returns true once this node lost the lease; nothing is recorded then
     * @return completes when the outcome is recorded, never fails; the value is that of {@link dev.darkroom.queue.JobAttempt#run}
     */
    Future<Duration> run(WebhookDeliveryLease lease, HttpExchange exchange, BooleanSupplier lost) {
        TraceSpan span = startSpan(lease);
        return run(lease, exchange, lost, span).onComplete(done -> span.end());
    }

    /** Starts the span of an attempt, and records the time that the delivery has waited for it. */
    private TraceSpan startSpan(WebhookDeliveryLease lease) {
        identify(tracing.resume(lease.trace(), SpanType.DELIVERY_WAIT, lease.waited()), lease)
                .end();
        return identify(tracing.resume(lease.trace(), SpanType.DELIVERY_ATTEMPT), lease)
                .set(SpanAttribute.MESSAGING_ID, lease.deliveryId())
                .set(SpanAttribute.NODE, lease.fencingToken().nodeId())
                .logWith("delivery", lease.deliveryId());
    }

    private static TraceSpan identify(TraceSpan span, WebhookDeliveryLease lease) {
        return span.set(SpanAttribute.GENERATION, lease.generationId()).set(SpanAttribute.ATTEMPT, lease.number());
    }

    private Future<Duration> run(
            WebhookDeliveryLease lease, HttpExchange exchange, BooleanSupplier lost, TraceSpan span) {
        if (lease.webhookDisabled()) {
            return outcomeRecorder
                    .record(lease, null, lost, () -> emptyUnlessHeld(store.dropClaimed(lease)))
                    .map(dropped -> null);
        }
        metrics.recordStart(lease);
        return renderBody(lease).transform(rendered -> {
            if (rendered.succeeded() && rendered.result().isPresent()) {
                return send(lease, rendered.result().get(), exchange, lost, span);
            }
            return recordFailed(lease, DeliveryFailure.ofCode("PAYLOAD_UNAVAILABLE"), lost, span);
        });
    }

    private Future<Optional<Buffer>> renderBody(WebhookDeliveryLease lease) {
        return lease.payloadFormat() == PayloadFormat.PREDICTION
                ? payloadRenderer.render(lease.generationId())
                : Future.succeededFuture(Optional.of(lease.body()));
    }

    private Future<Duration> send(
            WebhookDeliveryLease lease, Buffer body, HttpExchange exchange, BooleanSupplier lost, TraceSpan span) {
        String id = lease.notificationId().toString();
        return httpClient
                .post(
                        lease.url(),
                        WebhookSigner.signedHeaders(
                                id, lease.sentAtSeconds(), lease.payloadFormat(), lease.secrets(), body),
                        body,
                        exchange,
                        span)
                .transform(done -> {
                    if (done.failed()) {
                        HttpCallException cause = (HttpCallException) done.cause();
                        return cause.reason() == Reason.ABORTED
                                ? requeueInterrupted(lease, lost, span)
                                : recordFailed(lease, DeliveryFailure.of(cause), lost, span);
                    }
                    DeliveryFailure deliveryFailure = DeliveryFailure.of(done.result(), retryAfterParser);
                    return deliveryFailure == null
                            ? recordDelivered(lease, done.result().status(), lost, span)
                            : recordFailed(lease, deliveryFailure, lost, span);
                });
    }

    private Future<Duration> recordDelivered(
            WebhookDeliveryLease lease, int status, BooleanSupplier lost, TraceSpan span) {
        return outcomeRecorder
                .record(lease, DeliveryAttemptOutcome.DELIVERED, lost, () -> store.recordDelivered(lease, status))
                .map(recorded -> {
                    recorded.ifPresent(done -> {
                        metrics.recordEnd(lease, DeliveryAttemptOutcome.DELIVERED);
                        logBuilder(lease).addKeyValue("status", status).log("delivery succeeded");
                    });
                    span.set(SpanAttribute.OUTCOME, DeliveryAttemptOutcome.DELIVERED)
                            .end();
                    return null;
                });
    }

    private Future<Duration> recordFailed(
            WebhookDeliveryLease lease, DeliveryFailure deliveryFailure, BooleanSupplier lost, TraceSpan span) {
        Optional<Duration> delay =
                deliveryFailure.gone() ? Optional.empty() : retrySchedule.nextDelay(lease.failures(), deliveryFailure);
        return outcomeRecorder
                .record(
                        lease,
                        DeliveryAttemptOutcome.FAILED,
                        lost,
                        () -> store.recordFailure(
                                lease,
                                DeliveryAttemptOutcome.FAILED,
                                deliveryFailure,
                                delay,
                                disableReason(lease, deliveryFailure)))
                .map(recorded -> {
                    recorded.ifPresent(done -> {
                        metrics.recordEnd(lease, DeliveryAttemptOutcome.FAILED);
                        logBuilder(lease)
                                .addKeyValue("code", deliveryFailure.code())
                                .addKeyValue("retryAt", done.retryAt())
                                .log("delivery attempt failed");
                    });
                    span.set(SpanAttribute.OUTCOME, DeliveryAttemptOutcome.FAILED)
                            .fail(deliveryFailure.code());
                    return delay.filter(wait -> wait.compareTo(MAX_TIMER_DELAY) < 0)
                            .orElse(null);
                });
    }

    /**
     * Returns why to disable the webhook, null if not. The statement that disables it checks the failing time again, because a
     * concurrent attempt may have succeeded.
     */
    private static DisableReason disableReason(WebhookDeliveryLease lease, DeliveryFailure deliveryFailure) {
        if (deliveryFailure.gone()) {
            return DisableReason.GONE;
        }
        boolean failingTooLong =
                lease.failingFor() != null && lease.failingFor().compareTo(WebhookDeliveryStore.DISABLE_AFTER) >= 0;
        return failingTooLong ? DisableReason.FAILING_FOR_5_DAYS : null;
    }

    /**
     * Requeues an aborted delivery as due now, without counting a failure. The receiver may have processed the request; it detects
     * the duplicate by the notification id.
     */
    private Future<Duration> requeueInterrupted(WebhookDeliveryLease lease, BooleanSupplier lost, TraceSpan span) {
        span.set(SpanAttribute.OUTCOME, DeliveryAttemptOutcome.INTERRUPTED);
        if (lost.getAsBoolean()) {
            return Future.succeededFuture();
        }
        return outcomeRecorder
                .record(
                        lease,
                        DeliveryAttemptOutcome.INTERRUPTED,
                        lost,
                        () -> store.recordFailure(
                                lease,
                                DeliveryAttemptOutcome.INTERRUPTED,
                                DeliveryFailure.ofCode("INTERRUPTED"),
                                Optional.of(Duration.ZERO),
                                null))
                .map(requeued -> {
                    requeued.ifPresent(done -> metrics.recordEnd(lease, DeliveryAttemptOutcome.INTERRUPTED));
                    span.fail(DeliveryAttemptOutcome.INTERRUPTED.name());
                    return null;
                });
    }

    /** Releases a lease without an attempt. Completes like {@link #run}. */
    Future<Duration> release(WebhookDeliveryLease lease) {
        return outcomeRecorder
                .record(lease, null, () -> false, () -> emptyUnlessHeld(store.release(lease.fencingToken())))
                .map(released -> null);
    }

    /**
     * Requeues or fails a delivery whose attempt never recorded an outcome. The attempt counts as a failure of the delivery, but not
     * as a failure of the webhook.
     */
    Future<?> recoverAbandoned(WebhookDeliveryStore.AbandonedDelivery abandonedDelivery) {
        WebhookDeliveryLease lease = abandonedDelivery.lease();
        DeliveryAttemptOutcome outcome =
                abandonedDelivery.ownerAlive() ? DeliveryAttemptOutcome.TIMEOUT : DeliveryAttemptOutcome.LOST;
        DeliveryFailure deliveryFailure =
                DeliveryFailure.ofCode(abandonedDelivery.ownerAlive() ? "DEADLINE_EXCEEDED" : "NODE_LOST");
        return store.recordFailure(
                        lease,
                        outcome,
                        deliveryFailure,
                        retrySchedule.nextDelay(lease.failures(), deliveryFailure),
                        null)
                .onSuccess(recorded -> recorded.ifPresent(done -> metrics.recordEnd(outcome)));
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
