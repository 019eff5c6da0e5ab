package dev.darkroom.webhook;

import dev.darkroom.database.Database;
import dev.darkroom.database.TransactionScope;
import dev.darkroom.notification.CloudEventFactory;
import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationStore;
import dev.darkroom.notification.NotificationWriteListener;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.security.SecureRandom;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Enqueues deliveries: new ones in the transaction that stores their notification, so that both exist or neither, and ended ones for
 * redelivery. Futures fail with the driver's errors. Thread-safe.
 */
public final class DeliveryEnqueueStore implements NotificationWriteListener {
    /** Maximum number of failed and of missed notifications that one call redelivers; a client repeats the call for more. */
    public static final int MAX_REDELIVERIES = 1000;

    private static final SecureRandom RANDOM = new SecureRandom();

    private final CloudEventFactory cloudEvents;
    private final Runnable wakeSenders;
    private final Supplier<byte[]> secretFactory;

    /** @param wakeSenders called after a commit that enqueued deliveries */
    public DeliveryEnqueueStore(CloudEventFactory cloudEvents, Runnable wakeSenders) {
        this(cloudEvents, wakeSenders, () -> WebhookSigner.generateSecret(RANDOM));
    }

    /** @param secretFactory returns a new secret on each call */
    DeliveryEnqueueStore(CloudEventFactory cloudEvents, Runnable wakeSenders, Supplier<byte[]> secretFactory) {
        this.cloudEvents = cloudEvents;
        this.wakeSenders = wakeSenders;
        this.secretFactory = secretFactory;
    }

    @Override
    public String condition() {
        return DeliveryEnqueueSql.MAY_HAVE_TARGET;
    }

    /** Creates payloads and secrets only for notifications with targets. */
    @Override
    public Future<Void> onRecorded(TransactionScope scope, List<Notification> notifications) {
        JsonArray rows = new JsonArray();
        notifications.forEach(notification -> rows.add(toRow(rows.size(), notification)));
        return scope.connection()
                .preparedQuery(DeliveryEnqueueSql.SELECT_SUBSCRIBED)
                .execute(Tuple.of(rows))
                .compose(subscribed -> {
                    JsonArray deliveries = new JsonArray();
                    for (Row row : subscribed) {
                        Notification notification = notifications.get(row.getInteger("n"));
                        JsonObject delivery = addPayloads(toRow(deliveries.size(), notification), notification);
                        if (row.getBoolean("once")) {
                            // The statement stores it only if the user has no secret yet.
                            delivery.put("secret", Base64.getEncoder().encodeToString(secretFactory.get()));
                        }
                        deliveries.add(delivery);
                    }
                    return enqueue(scope.connection(), deliveries, null)
                            .onSuccess(queued -> wakeAfterCommit(scope, queued))
                            .mapEmpty();
                });
    }

    private void wakeAfterCommit(TransactionScope scope, int queued) {
        if (queued > 0) {
            scope.afterCommit(wakeSenders);
        }
    }

    private static JsonObject toRow(int ordinal, Notification notification) {
        UUID generationId = notification.generationId();
        return new JsonObject()
                .put("n", ordinal)
                .put("user_id", notification.userId())
                .put("type", notification.type())
                .put("generation_id", generationId == null ? null : generationId.toString());
    }

    private JsonObject addPayloads(JsonObject row, Notification notification) {
        return row.put("id", notification.id().toString())
                .put("standard", WebhookPayloadFactory.standardWebhook(notification))
                .put("cloud", cloudEvents.create(notification).encode());
    }

    private static Future<Integer> enqueue(SqlConnection connection, JsonArray deliveries, UUID webhookId) {
        if (deliveries.isEmpty()) {
            return Future.succeededFuture(0);
        }
        return connection
                .preparedQuery(DeliveryEnqueueSql.INSERT_DELIVERIES)
                .execute(Tuple.of(deliveries, webhookId))
                .map(queued -> queued.size());
    }

    private Future<Integer> enqueue(SqlConnection connection, List<Notification> missed, UUID webhookId) {
        JsonArray deliveries = new JsonArray();
        missed.forEach(
                notification -> deliveries.add(addPayloads(toRow(deliveries.size(), notification), notification)));
        return enqueue(connection, deliveries, webhookId);
    }

    /** Requeues an ended delivery, or makes a queued one due now. Completes with false if an attempt is running or it does not exist. */
    public Future<Boolean> redeliver(Database database, UUID webhookId, String userId, UUID deliveryId) {
        return database.pool()
                .preparedQuery(DeliveryEnqueueSql.REQUEUE_ENDED)
                .execute(Tuple.of(webhookId, userId, deliveryId, null, null, 1))
                .compose(queued -> queued.size() > 0
                        ? Future.succeededFuture(true)
                        : database.pool()
                                .preparedQuery(DeliveryEnqueueSql.MAKE_DUE)
                                .execute(Tuple.of(deliveryId, webhookId, userId))
                                .map(madeDue -> madeDue.size() > 0))
                .onSuccess(queued -> {
                    if (queued) {
                        wakeSenders.run();
                    }
                });
    }

    /**
     * Enqueues the failed deliveries and the missed notifications of a time range, at most {@link #MAX_REDELIVERIES} of each.
     *
     * @param after start of the range, exclusive
     * @param before end of the range, exclusive; null for now
     * @return number of enqueued deliveries
     */
    public Future<Integer> redeliver(
            Database database, UUID webhookId, String userId, OffsetDateTime after, OffsetDateTime before) {
        return database.inTransaction(scope -> scope.connection()
                .preparedQuery(DeliveryEnqueueSql.REQUEUE_ENDED)
                .execute(Tuple.of(webhookId, userId, null, after, before, MAX_REDELIVERIES))
                .compose(failed -> findMissed(scope.connection(), webhookId, userId, after, before)
                        .compose(missed -> enqueue(scope.connection(), missed, webhookId))
                        .map(missed -> failed.size() + missed))
                .onSuccess(queued -> wakeAfterCommit(scope, queued)));
    }

    private static Future<List<Notification>> findMissed(
            SqlConnection connection, UUID webhookId, String userId, OffsetDateTime after, OffsetDateTime before) {
        return connection
                .preparedQuery(DeliveryEnqueueSql.SELECT_MISSED)
                .execute(Tuple.of(webhookId, userId, after, before, MAX_REDELIVERIES))
                .map(rows ->
                        rows.stream().map(NotificationStore::toNotification).toList());
    }
}
