package dev.darkroom.webhook;

import dev.darkroom.database.Database;
import dev.darkroom.lease.Fence;
import dev.darkroom.lease.FenceStore;
import dev.darkroom.notification.NewNotification;
import dev.darkroom.notification.RecordStore;
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
final class DeliveryStore {
    /** At once, of one receiver: a dead one costs so many places and no more. */
    static final int PER_LANE = 2;

    /** At once, of one user: as much as all the endpoints that a user has at first. */
    static final int PER_USER = 20;

    /** So long an endpoint may fail without a success before it is disabled. */
    static final Duration FAILING = Duration.ofDays(5);

    private final Database database;
    private final FenceStore fences;
    private final RecordStore records;

    /** @param records where users are told that an endpoint was disabled */
    DeliveryStore(Database database, RecordStore records) {
        this.database = database;
        this.fences = new FenceStore(database.pool(), DeliverySql.QUEUE);
        this.records = records;
    }

    /** An attempt that was written, and when the next one is due; null when there is none. */
    record Recorded(int number, OffsetDateTime retryAt) {}

    /** Why an endpoint is disabled, with how long it has to have failed for it, null for at once. */
    enum Disabling {
        GONE(null),
        FAILING_FOR_5_DAYS(FAILING.toMillis());

        private final Long afterMillis;

        Disabling(Long afterMillis) {
            this.afterMillis = afterMillis;
        }
    }

    /** Claims up to {@code limit} due deliveries for a node. */
    Future<List<DeliveryLease>> claim(UUID nodeId, int limit, Duration budget) {
        return database.inTransaction(connection -> connection
                .query(DeliverySql.CLAIMING)
                .execute()
                .compose(alone -> connection
                        .preparedQuery(DeliverySql.CLAIM)
                        .execute(Tuple.of(nodeId, limit, budget.toMillis(), PER_LANE, PER_USER)))
                .map(rows -> {
                    List<DeliveryLease> leases = new ArrayList<>(rows.size());
                    rows.forEach(row -> leases.add(lease(row)));
                    return leases;
                }));
    }

    /** It has arrived. */
    Future<Optional<Recorded>> delivered(DeliveryLease lease, int httpStatus) {
        return database.pool()
                .preparedQuery(DeliverySql.DELIVERED)
                .execute(FenceStore.values(lease.fence()).addInteger(httpStatus))
                .map(DeliveryStore::recorded);
    }

    /**
     * Writes an attempt without success and makes the delivery due again.
     *
     * @param blamed whether the receiver failed, and not we
     * @param disabling what may become of its endpoint for it, null for nothing
     */
    Future<Optional<Recorded>> retry(
            DeliveryLease lease,
            DeliveryOutcome outcome,
            Failure failure,
            Duration delay,
            boolean blamed,
            Disabling disabling) {
        Tuple values = FenceStore.values(lease.fence())
                .addLong(delay.toMillis())
                .addInteger(outcome == DeliveryOutcome.INTERRUPTED ? 0 : 1)
                .addString(outcome.name())
                .addInteger(failure.httpStatus())
                .addString(failure.code())
                .addBoolean(blamed);
        return write(DeliverySql.RETRY, values, lease, disabling);
    }

    /** Writes the last attempt of a delivery, which has failed. As {@link #retry}. */
    Future<Optional<Recorded>> fail(
            DeliveryLease lease, DeliveryOutcome outcome, Failure failure, boolean blamed, Disabling disabling) {
        Tuple values = FenceStore.values(lease.fence())
                .addString(outcome.name())
                .addInteger(failure.httpStatus())
                .addString(failure.code())
                .addBoolean(blamed);
        return write(DeliverySql.FAIL, values, lease, disabling);
    }

    private Future<Optional<Recorded>> write(String sql, Tuple values, DeliveryLease lease, Disabling disabling) {
        if (disabling == null || lease.webhookId() == null) {
            return database.pool().preparedQuery(sql).execute(values).map(DeliveryStore::recorded);
        }
        List<Runnable> afterwards = new ArrayList<>();
        return database.inTransaction(connection -> connection
                        .preparedQuery(sql)
                        .execute(values)
                        .map(DeliveryStore::recorded)
                        .compose(recorded -> recorded.isEmpty()
                                ? Future.succeededFuture(recorded)
                                : disable(connection, lease.webhookId(), disabling)
                                        .onSuccess(afterwards::addAll)
                                        .map(recorded)))
                .onSuccess(committed -> afterwards.forEach(Runnable::run));
    }

    /** Nothing when a success came in between, or another attempt disabled it first. */
    private Future<List<Runnable>> disable(SqlConnection connection, UUID webhookId, Disabling why) {
        return connection
                .preparedQuery(DeliverySql.DISABLE)
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
                            .preparedQuery(DeliverySql.DROP_WAITING)
                            .execute(Tuple.of(webhookId))
                            .compose(dropped -> records.write(
                                    connection,
                                    List.of(NewNotification.of(userId, WebhookEvents.DISABLED, null, data))))
                            .map(List::of);
                });
    }

    /** Ends a delivery whose endpoint was disabled, unsent. True when the lease was still held. */
    Future<Boolean> drop(DeliveryLease lease) {
        return database.pool()
                .preparedQuery(DeliverySql.DROP)
                .execute(FenceStore.values(lease.fence()))
                .map(rows -> rows.size() > 0);
    }

    /**
     * Sets the times of the queue anew after the database's clock has stepped.
     *
     * @param attempt how long an attempt may take
     */
    Future<Void> adjust(Duration step, Duration attempt) {
        return fences.adjust(database, DeliverySql.ADJUST, Tuple.of(step.toMillis(), attempt.toMillis()));
    }

    /** Gives back a lease with which nothing was done. True when it was still held. */
    Future<Boolean> release(Fence fence) {
        return fences.release(fence);
    }

    /** Leases that this node holds, by the database's account, for at least {@code age}. */
    Future<List<Fence>> held(UUID nodeId, Duration age) {
        return fences.held(nodeId, age);
    }

    /** Whether the attempt of a lease is already on record with an outcome. */
    Future<Boolean> recorded(DeliveryLease lease, DeliveryOutcome outcome) {
        return database.pool()
                .preparedQuery(DeliverySql.RECORDED)
                .execute(Tuple.of(lease.deliveryId(), lease.fence().token(), outcome.name()))
                .map(rows -> rows.size() > 0);
    }

    /** A lease that nobody will end; of what is sent nothing is filled in. */
    record Abandoned(DeliveryLease lease, boolean ownerAlive) {}

    /** Leases whose node is gone, or that outlived their attempt's deadline by more than {@code grace}. */
    Future<List<Abandoned>> abandoned(Duration grace, int limit) {
        return database.heartbeats()
                .preparedQuery(DeliverySql.ABANDONED)
                .execute(Tuple.of(grace.toMillis(), limit))
                .map(rows -> {
                    List<Abandoned> found = new ArrayList<>(rows.size());
                    rows.forEach(row -> found.add(new Abandoned(
                            new DeliveryLease(
                                    fence(row),
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

    private static Optional<Recorded> recorded(RowSet<Row> rows) {
        for (Row row : rows) {
            return Optional.of(new Recorded(row.getInteger("number"), row.getOffsetDateTime("retry_at")));
        }
        return Optional.empty();
    }

    private static Fence fence(Row row) {
        return new Fence(row.getUUID("delivery_id"), row.getUUID("lease_owner"), row.getLong("lease_token"));
    }

    private static DeliveryLease lease(Row row) {
        List<byte[]> secrets = new ArrayList<>();
        for (String column : List.of("secret", "previous_secret")) {
            if (row.getBuffer(column) != null) {
                secrets.add(row.getBuffer(column).getBytes());
            }
        }
        Long failing = row.getLong("failing_ms");
        return new DeliveryLease(
                fence(row),
                row.getInteger("attempts") + 1,
                row.getInteger("failures"),
                row.getUUID("webhook_id"),
                row.getUUID("notification_id"),
                row.getUUID("generation_id"),
                row.getString("url"),
                Format.valueOf(row.getString("format")),
                row.getBuffer("body"),
                secrets,
                row.getLong("sent_at"),
                failing == null ? null : Duration.ofMillis(failing),
                row.getBoolean("disabled"));
    }
}
