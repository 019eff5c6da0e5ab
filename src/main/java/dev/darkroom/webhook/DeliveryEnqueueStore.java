package dev.darkroom.webhook;

import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationWriteListener;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.security.SecureRandom;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Puts deliveries into the queue: in the transaction that records a notification, so that there is none without the other, and when somebody
 * wants some again. Thread-safe.
 */
public final class DeliveryEnqueueStore implements NotificationWriteListener {
    /** So many come to the queue again at once; for more one asks again. */
    public static final int MAX_REDELIVERIES = 1000;

    private static final SecureRandom RANDOM = new SecureRandom();

    private final PayloadFactory payloads;
    private final Runnable wakeSenders;
    private final Supplier<byte[]> secretFactory;

    /**
     * @param source who speaks, for CloudEvents: a URI
     * @param wake called when something has come to the queue, for good
     */
    public DeliveryEnqueueStore(String source, Runnable wake) {
        this(source, wake, () -> WebhookSigner.generateSecret(RANDOM));
    }

    /** @param secrets a new one each time */
    DeliveryEnqueueStore(String source, Runnable wake, Supplier<byte[]> secrets) {
        this.payloads = new PayloadFactory(source);
        this.wakeSenders = wake;
        this.secretFactory = secrets;
    }

    /** Tells the senders of this process and of others that there is something to deliver. */
    public static void wakeSenders(Vertx vertx, NotifyChannel notifyChannel) {
        vertx.eventBus().publish(WebhookBus.WAKE, null, new DeliveryOptions().setLocalOnly(true));
        notifyChannel.send(WebhookBus.DELIVERY_TOPIC);
    }

    /** One statement where nobody wants to be told, which is the rule; bodies and secrets are made only for those who do. */
    @Override
    public Future<Runnable> onRecorded(SqlConnection connection, List<Notification> notifications) {
        JsonArray rows = new JsonArray();
        notifications.forEach(one -> rows.add(toRow(rows.size(), one)));
        return connection
                .preparedQuery(DeliveryEnqueueSql.SELECT_SUBSCRIBED)
                .execute(Tuple.of(rows))
                .compose(wanted -> {
                    JsonArray deliveries = new JsonArray();
                    for (Row row : wanted) {
                        Notification one = notifications.get(row.getInteger("n"));
                        JsonObject delivery = addPayloads(toRow(deliveries.size(), one), one);
                        if (row.getBoolean("once")) {
                            // Used where the user has none yet.
                            delivery.put("secret", Base64.getEncoder().encodeToString(secretFactory.get()));
                        }
                        deliveries.add(delivery);
                    }
                    return enqueue(connection, deliveries, null).map(queued -> queued > 0 ? wakeSenders : () -> {});
                });
    }

    private static JsonObject toRow(int number, Notification one) {
        return new JsonObject()
                .put("n", number)
                .put("user_id", one.userId())
                .put("type", one.type())
                .put(
                        "generation_id",
                        one.generationId() == null ? null : one.generationId().toString());
    }

    private JsonObject addPayloads(JsonObject row, Notification one) {
        return row.put("id", one.id().toString())
                .put("standard", payloads.standardWebhook(one))
                .put("cloud", payloads.cloudEvent(one));
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
        missed.forEach(one -> deliveries.add(addPayloads(toRow(deliveries.size(), one), one)));
        return enqueue(connection, deliveries, webhookId);
    }

    /** Sends one delivery again, or at once when it waits; false when that is not possible as it stands. */
    public Future<Boolean> redeliver(Database database, UUID webhookId, String userId, UUID deliveryId) {
        return database.pool()
                .preparedQuery(DeliveryEnqueueSql.REQUEUE_ENDED)
                .execute(Tuple.of(webhookId, userId, deliveryId, null, null, 1))
                .compose(queued -> queued.size() > 0
                        ? Future.succeededFuture(true)
                        : database.pool()
                                .preparedQuery(DeliveryEnqueueSql.MAKE_DUE)
                                .execute(Tuple.of(deliveryId, webhookId, userId))
                                .map(hurried -> hurried.size() > 0))
                .onSuccess(queued -> {
                    if (queued) {
                        wakeSenders.run();
                    }
                });
    }

    /**
     * Sends what failed, and what was never tried, again; completes with how much that is, at most {@link #MAX_REDELIVERIES} of each.
     *
     * @param before null for now
     */
    public Future<Integer> redeliver(
            Database database, UUID webhookId, String userId, OffsetDateTime after, OffsetDateTime before) {
        return database.inTransaction(connection -> connection
                        .preparedQuery(DeliveryEnqueueSql.REQUEUE_ENDED)
                        .execute(Tuple.of(webhookId, userId, null, after, before, MAX_REDELIVERIES))
                        .compose(failed -> findMissed(connection, webhookId, userId, after, before)
                                .compose(missed -> enqueue(connection, missed, webhookId))
                                .map(missed -> failed.size() + missed)))
                .onSuccess(queued -> {
                    if (queued > 0) {
                        wakeSenders.run();
                    }
                });
    }

    private static Future<List<Notification>> findMissed(
            SqlConnection connection, UUID webhookId, String userId, OffsetDateTime after, OffsetDateTime before) {
        return connection
                .preparedQuery(DeliveryEnqueueSql.SELECT_MISSED)
                .execute(Tuple.of(webhookId, userId, after, before, MAX_REDELIVERIES))
                .map(rows -> {
                    List<Notification> found = new ArrayList<>(rows.size());
                    rows.forEach(row -> found.add(new Notification(
                            row.getUUID("id"),
                            row.getString("user_id"),
                            row.getLong("seq"),
                            row.getString("type"),
                            row.getUUID("generation_id"),
                            row.getOffsetDateTime("created_at"),
                            null,
                            row.getJsonObject("data"))));
                    return found;
                });
    }
}
