package dev.darkroom.webhook;

import dev.darkroom.database.Database;
import dev.darkroom.notification.NewNotification;
import dev.darkroom.notification.NotificationWriter;
import dev.darkroom.queue.FencingToken;
import dev.darkroom.queue.LeasedQueueStore;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * What senders do with deliveries in PostgreSQL. Every transition is fenced: it completes with an empty optional when the lease is no
 * longer the one in the database, and has then changed nothing. Futures fail with the driver's errors. Usable from any event loop.
 */
final class WebhookDeliveryStore {
    /** At once, of one receiver: a dead one costs so many places and no more. */
    static final int MAX_PER_PARTITION = 2;

    /** At once, of one user: as much as all the endpoints that a user has at first. */
    static final int MAX_PER_USER = 20;

    /** So long an endpoint may fail without a success before it is disabled. */
    static final Duration DISABLE_AFTER = Duration.ofDays(5);

    private final Database database;
    private final LeasedQueueStore fences;
    private final NotificationWriter notificationWriter;

    /** @param records where users are told that an endpoint was disabled */
    WebhookDeliveryStore(Database database, NotificationWriter records) {
        this.database = database;
        this.fences = new LeasedQueueStore(database.pool(), WebhookDeliverySql.QUEUE_SQL);
        this.notificationWriter = records;
    }

    /** An attempt that was written, and when the next one is due; null when there is none. */
    record RecordedAttempt(int number, OffsetDateTime retryAt) {}

    /** Why an endpoint is disabled, with how long it has to have failed for it, null for at once. */
    enum DisableReason {
        GONE(null),
        FAILING_FOR_5_DAYS(DISABLE_AFTER.toMillis());

        private final Long afterMillis;

        DisableReason(Long afterMillis) {
            this.afterMillis = afterMillis;
        }
    }

    /** Claims up to {@code limit} due deliveries for a node. */
    Future<List<WebhookDeliveryLease>> claim(UUID nodeId, int limit, Duration budget) {
        return database.inTransaction(connection -> connection
                .query(WebhookDeliverySql.LOCK_CLAIMS)
                .execute()
                .compose(alone -> connection
                        .preparedQuery(WebhookDeliverySql.CLAIM_DUE)
                        .execute(Tuple.of(nodeId, limit, budget.toMillis(), MAX_PER_PARTITION, MAX_PER_USER)))
                .map(rows -> {
                    List<WebhookDeliveryLease> leases = new ArrayList<>(rows.size());
                    rows.forEach(row -> leases.add(toLease(row)));
                    return leases;
                }));
    }

    /** It has arrived. */
    Future<Optional<RecordedAttempt>> recordDelivered(WebhookDeliveryLease lease, int httpStatus) {
        return database.pool()
                .preparedQuery(WebhookDeliverySql.MARK_DELIVERED)
                .execute(LeasedQueueStore.tokenParameters(lease.fencingToken()).addInteger(httpStatus))
                .map(WebhookDeliveryStore::recorded);
    }

    /**
     * Writes an attempt without success and makes the delivery due again.
     *
     * @param blamed whether the receiver failed, and not we
     * @param disableReason what may become of its endpoint for it, null for nothing
     */
    Future<Optional<RecordedAttempt>> requeueAfterFailure(
            WebhookDeliveryLease lease,
            DeliveryAttemptOutcome outcome,
            DeliveryFailure deliveryFailure,
            Duration delay,
            boolean blamed,
            DisableReason disableReason) {
        Tuple values = LeasedQueueStore.tokenParameters(lease.fencingToken())
                .addLong(delay.toMillis())
                .addInteger(outcome == DeliveryAttemptOutcome.INTERRUPTED ? 0 : 1)
                .addString(outcome.name())
                .addInteger(deliveryFailure.httpStatus())
                .addString(deliveryFailure.code())
                .addBoolean(blamed);
        return writeAttempt(WebhookDeliverySql.REQUEUE_AFTER_FAILURE, values, lease, disableReason);
    }

    /** Writes the last attempt of a delivery, which has failed. As {@link #requeueAfterFailure}. */
    Future<Optional<RecordedAttempt>> recordFailed(
            WebhookDeliveryLease lease,
            DeliveryAttemptOutcome outcome,
            DeliveryFailure deliveryFailure,
            boolean blamed,
            DisableReason disableReason) {
        Tuple values = LeasedQueueStore.tokenParameters(lease.fencingToken())
                .addString(outcome.name())
                .addInteger(deliveryFailure.httpStatus())
                .addString(deliveryFailure.code())
                .addBoolean(blamed);
        return writeAttempt(WebhookDeliverySql.MARK_FAILED, values, lease, disableReason);
    }

    private Future<Optional<RecordedAttempt>> writeAttempt(
            String sql, Tuple values, WebhookDeliveryLease lease, DisableReason disableReason) {
        if (disableReason == null || lease.webhookId() == null) {
            return database.pool().preparedQuery(sql).execute(values).map(WebhookDeliveryStore::recorded);
        }
        List<Runnable> afterwards = new ArrayList<>();
        return database.inTransaction(connection -> connection
                        .preparedQuery(sql)
                        .execute(values)
                        .map(WebhookDeliveryStore::recorded)
                        .compose(recorded -> recorded.isEmpty()
                                ? Future.succeededFuture(recorded)
                                : disableWebhook(connection, lease.webhookId(), disableReason)
                                        .onSuccess(afterwards::addAll)
                                        .map(recorded)))
                .onSuccess(committed -> afterwards.forEach(Runnable::run));
    }

    /** Nothing when a success came in between, or another attempt disabled it first. */
    private Future<List<Runnable>> disableWebhook(SqlConnection connection, UUID webhookId, DisableReason why) {
        return connection
                .preparedQuery(WebhookDeliverySql.DISABLE_WEBHOOK)
                .execute(Tuple.of(webhookId, why.name(), why.afterMillis))
                .compose(disabled -> {
                    if (disabled.size() == 0) {
                        return Future.succeededFuture(List.of());
                    }
                    String userId = disabled.iterator().next().getString("user_id");
                    JsonObject data = new JsonObject()
                            .put("webhookId", webhookId.toString())
                            .put("reason", why.name());
                    return connection
                            .preparedQuery(WebhookDeliverySql.DROP_QUEUED)
                            .execute(Tuple.of(webhookId))
                            .compose(dropped -> notificationWriter.write(
                                    connection,
                                    List.of(NewNotification.of(userId, WebhookEventTypes.DISABLED, null, data))))
                            .map(List::of);
                });
    }

    /** Ends a delivery whose endpoint was disabled, unsent. True when the lease was still held. */
    Future<Boolean> dropClaimed(WebhookDeliveryLease lease) {
        return database.pool()
                .preparedQuery(WebhookDeliverySql.DROP_CLAIMED)
                .execute(LeasedQueueStore.tokenParameters(lease.fencingToken()))
                .map(rows -> rows.size() > 0);
    }

    /**
     * Sets the times of the queue anew after the database's clock has stepped.
     *
     * @param attempt how long an attempt may take
     */
    Future<Void> adjustAfterClockStep(Duration step, Duration attempt) {
        return fences.shiftTimes(
                database, WebhookDeliverySql.ADJUST_AFTER_CLOCK_STEP, Tuple.of(step.toMillis(), attempt.toMillis()));
    }

    /** Gives back a lease with which nothing was done. True when it was still held. */
    Future<Boolean> release(FencingToken fencingToken) {
        return fences.release(fencingToken);
    }

    /** Leases that this node holds, by the database's account, for at least {@code age}. */
    Future<List<FencingToken>> findHeldLeases(UUID nodeId, Duration age) {
        return fences.findHeld(nodeId, age);
    }

    /** Whether the attempt of a lease is already on record with an outcome. */
    Future<Boolean> recorded(WebhookDeliveryLease lease, DeliveryAttemptOutcome outcome) {
        return database.pool()
                .preparedQuery(WebhookDeliverySql.SELECT_RECORDED_OUTCOME)
                .execute(Tuple.of(lease.deliveryId(), lease.fencingToken().token(), outcome.name()))
                .map(rows -> rows.size() > 0);
    }

    /** A lease that nobody will end; of what is sent nothing is filled in. */
    record AbandonedDelivery(WebhookDeliveryLease lease, boolean ownerAlive) {}

    /** Leases whose node is gone, or that outlived their attempt's deadline by more than {@code grace}. */
    Future<List<AbandonedDelivery>> findAbandoned(Duration grace, int limit) {
        return database.heartbeats()
                .preparedQuery(WebhookDeliverySql.SELECT_ABANDONED)
                .execute(Tuple.of(grace.toMillis(), limit))
                .map(rows -> {
                    List<AbandonedDelivery> found = new ArrayList<>(rows.size());
                    rows.forEach(row -> found.add(new AbandonedDelivery(
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
                                    false),
                            row.getBoolean("owner_alive"))));
                    return found;
                });
    }

    private static Optional<RecordedAttempt> recorded(RowSet<Row> rows) {
        for (Row row : rows) {
            return Optional.of(new RecordedAttempt(row.getInteger("number"), row.getOffsetDateTime("retry_at")));
        }
        return Optional.empty();
    }

    private static FencingToken toFencingToken(Row row) {
        return new FencingToken(row.getUUID("delivery_id"), row.getUUID("lease_owner"), row.getLong("lease_token"));
    }

    private static WebhookDeliveryLease toLease(Row row) {
        List<byte[]> secrets = new ArrayList<>();
        for (String column : List.of("secret", "previous_secret")) {
            if (row.getBuffer(column) != null) {
                secrets.add(row.getBuffer(column).getBytes());
            }
        }
        Long failing = row.getLong("failing_ms");
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
                secrets,
                row.getLong("sent_at"),
                failing == null ? null : Duration.ofMillis(failing),
                row.getBoolean("disabled"));
    }
}
