package dev.darkroom.webhook;

import dev.darkroom.database.Database;
import dev.darkroom.database.TransactionScope;
import dev.darkroom.notification.NewNotification;
import dev.darkroom.notification.NotificationWriter;
import dev.darkroom.queue.FencingToken;
import dev.darkroom.queue.LeasedQueueStore;
import dev.darkroom.telemetry.TraceContext;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Claims deliveries and records their outcomes in PostgreSQL. Every transition is fenced: if the lease is not the current one, it
 * completes with an empty optional (or false) and changes nothing. Futures fail with the driver's errors. Usable from any event loop.
 */
final class WebhookDeliveryStore {
    /** Maximum number of concurrent attempts per receiver; limits the capacity that a dead receiver occupies. */
    static final int MAX_PER_PARTITION = 2;

    /** Maximum number of concurrent attempts per user; two for each of the default maximum of ten webhooks. */
    static final int MAX_PER_USER = 20;

    /** Time without a success after which a failing webhook is disabled. */
    static final Duration DISABLE_AFTER = Duration.ofDays(5);

    private final Database database;
    private final LeasedQueueStore leasedQueue;
    private final NotificationWriter notificationWriter;

    /** @param notificationWriter stores the notification that a webhook was disabled */
    WebhookDeliveryStore(Database database, NotificationWriter notificationWriter) {
        this.database = database;
        this.leasedQueue = new LeasedQueueStore(database.pool(), WebhookDeliverySql.QUEUE_SQL);
        this.notificationWriter = notificationWriter;
    }

    /**
     * Recorded attempt.
     *
     * @param number number of the attempt, starts at 1
     * @param retryAt time of the next attempt; null if there is none
     */
    record RecordedAttempt(int number, OffsetDateTime retryAt) {}

    /**
     * Claims up to {@code limit} due deliveries for a node.
     *
     * @param budget time from the claim to the deadline of the attempt
     */
    Future<List<WebhookDeliveryLease>> claim(UUID nodeId, int limit, Duration budget) {
        // Without waiting deliveries, as in a service without webhooks, a poll needs neither a transaction nor the
        // lock.
        return database.pool()
                .preparedQuery(WebhookDeliverySql.HAS_WAITING)
                .execute()
                .compose(rows -> rows.iterator().next().getBoolean("waiting")
                        ? claimDue(nodeId, limit, budget)
                        : Future.succeededFuture(List.of()));
    }

    private Future<List<WebhookDeliveryLease>> claimDue(UUID nodeId, int limit, Duration budget) {
        return database.inTransaction(scope -> scope.connection()
                .query(WebhookDeliverySql.LOCK_CLAIMS)
                .execute()
                .compose(locked -> scope.connection()
                        .preparedQuery(WebhookDeliverySql.CLAIM_DUE)
                        .execute(Tuple.of(nodeId, limit, budget.toMillis(), MAX_PER_PARTITION, MAX_PER_USER)))
                .map(rows -> rows.stream().map(WebhookDeliveryStore::toLease).toList()));
    }

    /** Records a successful attempt and ends the delivery. */
    Future<Optional<RecordedAttempt>> recordDelivered(WebhookDeliveryLease lease, int httpStatus) {
        return database.pool()
                .preparedQuery(WebhookDeliverySql.MARK_DELIVERED)
                .execute(LeasedQueueStore.tokenParameters(lease.fencingToken()).addInteger(httpStatus))
                .map(WebhookDeliveryStore::recorded);
    }

    /**
     * Records a failed attempt, and requeues or ends the delivery. Only {@link DeliveryAttemptOutcome#FAILED} counts as a failure of the
     * webhook; other attempts were interrupted or lost by this service.
     *
     * @param delay time until the next attempt; empty to end the delivery
     * @param disableReason reason to disable the webhook in the same transaction; null to keep it
     */
    Future<Optional<RecordedAttempt>> recordFailure(
            WebhookDeliveryLease lease,
            DeliveryAttemptOutcome outcome,
            DeliveryFailure deliveryFailure,
            Optional<Duration> delay,
            DisableReason disableReason) {
        String sql = delay.isPresent() ? WebhookDeliverySql.REQUEUE_AFTER_FAILURE : WebhookDeliverySql.MARK_FAILED;
        Tuple values = LeasedQueueStore.tokenParameters(lease.fencingToken());
        delay.ifPresent(wait ->
                values.addLong(wait.toMillis()).addInteger(outcome == DeliveryAttemptOutcome.INTERRUPTED ? 0 : 1));
        values.addString(outcome.name())
                .addInteger(deliveryFailure.httpStatus())
                .addString(deliveryFailure.code())
                .addBoolean(outcome == DeliveryAttemptOutcome.FAILED);
        if (disableReason == null || lease.webhookId() == null) {
            return database.pool().preparedQuery(sql).execute(values).map(WebhookDeliveryStore::recorded);
        }
        return database.inTransaction(scope -> scope.connection()
                .preparedQuery(sql)
                .execute(values)
                .map(WebhookDeliveryStore::recorded)
                .compose(recorded -> recorded.isEmpty()
                        ? Future.succeededFuture(recorded)
                        : disableWebhook(scope, lease.webhookId(), disableReason)
                                .map(recorded)));
    }

    /**
     * Disables a webhook, drops its queued deliveries and notifies its owner. Does nothing if an attempt succeeded in between, or if it
     * is disabled already.
     */
    private Future<Void> disableWebhook(TransactionScope scope, UUID webhookId, DisableReason reason) {
        return scope.connection()
                .preparedQuery(WebhookDeliverySql.DISABLE_WEBHOOK)
                .execute(Tuple.of(webhookId, reason.name(), reason.afterMillis()))
                .compose(disabled -> {
                    if (disabled.size() == 0) {
                        return Future.succeededFuture();
                    }
                    String userId = disabled.iterator().next().getString("user_id");
                    JsonObject data = new JsonObject()
                            .put("webhookId", webhookId.toString())
                            .put("reason", reason.name());
                    return scope.connection()
                            .preparedQuery(WebhookDeliverySql.DROP_QUEUED)
                            .execute(Tuple.of(webhookId))
                            .compose(dropped -> notificationWriter.write(
                                    scope,
                                    List.of(NewNotification.of(userId, WebhookEventTypes.DISABLED, null, data))));
                });
    }

    /** Ends a claimed delivery without an attempt, because its webhook is disabled. Completes with true if the lease was current. */
    Future<Boolean> dropClaimed(WebhookDeliveryLease lease) {
        return database.pool()
                .preparedQuery(WebhookDeliverySql.DROP_CLAIMED)
                .execute(LeasedQueueStore.tokenParameters(lease.fencingToken()))
                .map(rows -> rows.size() > 0);
    }

    /**
     * Adjusts queue times after a step of the database clock.
     *
     * @param step size of the step; negative if the clock was set back
     * @param budget maximum duration of an attempt
     */
    Future<Void> adjustAfterClockStep(Duration step, Duration budget) {
        return leasedQueue.shiftTimes(
                database, WebhookDeliverySql.ADJUST_AFTER_CLOCK_STEP, Tuple.of(step.toMillis(), budget.toMillis()));
    }

    /** Releases a lease without an attempt. Completes with true if the lease was current. */
    Future<Boolean> release(FencingToken fencingToken) {
        return leasedQueue.release(fencingToken);
    }

    /** Finds the leases that this node has held for at least {@code age} according to the database. */
    Future<List<FencingToken>> findHeldLeases(UUID nodeId, Duration age) {
        return leasedQueue.findHeld(nodeId, age);
    }

    /** Checks whether the attempt of a lease was recorded with this outcome. */
    Future<Boolean> recorded(WebhookDeliveryLease lease, DeliveryAttemptOutcome outcome) {
        return database.pool()
                .preparedQuery(WebhookDeliverySql.SELECT_RECORDED_OUTCOME)
                .execute(Tuple.of(lease.deliveryId(), lease.fencingToken().token(), outcome.name()))
                .map(rows -> rows.size() > 0);
    }

    /**
     * Delivery whose lease no node will end.
     *
     * @param lease lease without URL, body and secrets
     * @param ownerAlive true if the attempt exceeded its deadline on a live node, false if the node expired
     */
    record AbandonedDelivery(WebhookDeliveryLease lease, boolean ownerAlive) {}

    /** Finds up to {@code limit} leases of expired nodes, and leases past the deadline of their attempt by more than {@code grace}. */
    Future<List<AbandonedDelivery>> findAbandoned(Duration grace, int limit) {
        return database.heartbeats()
                .preparedQuery(WebhookDeliverySql.SELECT_ABANDONED)
                .execute(Tuple.of(grace.toMillis(), limit))
                .map(rows -> rows.stream()
                        .map(row -> new AbandonedDelivery(
                                new WebhookDeliveryLease(
                                        toFencingToken(row),
                                        row.getInteger("attempts") + 1,
                                        row.getInteger("failures"),
                                        row.getUUID("webhook_id"),
                                        row.getUUID("notification_id"),
                                        row.getUUID("generation_id"),
                                        null,
                                        null,
                                        null,
                                        List.of(),
                                        0,
                                        null,
                                        false,
                                        null,
                                        null,
                                        0),
                                row.getBoolean("owner_alive")))
                        .toList());
    }

    private static Optional<RecordedAttempt> recorded(RowSet<Row> rows) {
        return rows.stream()
                .findFirst()
                .map(row -> new RecordedAttempt(row.getInteger("number"), row.getOffsetDateTime("retry_at")));
    }

    private static FencingToken toFencingToken(Row row) {
        return new FencingToken(row.getUUID("delivery_id"), row.getUUID("lease_owner"), row.getLong("lease_token"));
    }

    private static WebhookDeliveryLease toLease(Row row) {
        Long failingMs = row.getLong("failing_ms");
        return new WebhookDeliveryLease(
                toFencingToken(row),
                row.getInteger("attempts") + 1,
                row.getInteger("failures"),
                row.getUUID("webhook_id"),
                row.getUUID("notification_id"),
                row.getUUID("generation_id"),
                row.getString("url"),
                PayloadFormat.valueOf(row.getString("format")),
                row.getBuffer("body"),
                WebhookSigner.existingSecrets(row.getBuffer("secret"), row.getBuffer("previous_secret")),
                row.getLong("sent_at"),
                failingMs == null ? null : Duration.ofMillis(failingMs),
                row.getBoolean("disabled"),
                TraceContext.ofNullable(row.getString("traceparent"), row.getString("tracestate")),
                Duration.ofMillis(row.getLong("waited")),
                System.nanoTime());
    }
}
