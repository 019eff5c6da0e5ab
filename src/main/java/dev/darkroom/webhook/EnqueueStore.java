package dev.darkroom.webhook;

import dev.darkroom.database.Database;
import dev.darkroom.database.Hints;
import dev.darkroom.notification.Notification;
import dev.darkroom.notification.RecordListener;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.security.SecureRandom;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;

/**
 * Puts deliveries into the queue: in the transaction that records a notification, so that there is none without the other, and when somebody
 * wants some again. Thread-safe.
 */
public final class EnqueueStore implements RecordListener {
    /** So many come to the queue again at once; for more one asks again. */
    static final int MOST_AGAIN = 1000;

    private final Bodies bodies;
    private final Runnable wake;
    private final SecureRandom random = new SecureRandom();

    /**
     * @param source who speaks, for CloudEvents: a URI
     * @param wake called when something has come to the queue, for good
     */
    public EnqueueStore(String source, Runnable wake) {
        this.bodies = new Bodies(source);
        this.wake = wake;
    }

    /** Tells the senders of this process and of others that there is something to deliver. */
    public static void wake(Vertx vertx, Hints hints) {
        vertx.eventBus().publish(WebhookBus.WAKE, null, new DeliveryOptions().setLocalOnly(true));
        hints.send(WebhookBus.HINT);
    }

    @Override
    public Future<Runnable> recorded(SqlConnection connection, List<Notification> notifications) {
        return enqueue(connection, notifications, null).map(queued -> queued > 0 ? wake : () -> {});
    }

    private Future<Integer> enqueue(SqlConnection connection, List<Notification> notifications, UUID webhookId) {
        if (notifications.isEmpty()) {
            return Future.succeededFuture(0);
        }
        JsonArray rows = new JsonArray();
        for (Notification one : notifications) {
            rows.add(new JsonObject()
                    .put("n", rows.size())
                    .put("id", one.id().toString())
                    .put("user_id", one.userId())
                    .put("type", one.type())
                    .put(
                            "generation_id",
                            one.generationId() == null
                                    ? null
                                    : one.generationId().toString())
                    .put("standard", bodies.standard(one))
                    .put("cloud", bodies.cloudEvent(one))
                    // Used where a user has none yet.
                    .put("secret", Base64.getEncoder().encodeToString(SigningSecret.mint(random))));
        }
        return connection
                .preparedQuery(EnqueueSql.ENQUEUE)
                .execute(Tuple.of(rows, webhookId))
                .map(queued -> queued.size());
    }

    /** Sends one delivery again, or at once when it waits; false when that is not possible as it stands. */
    Future<Boolean> again(Database database, UUID webhookId, String userId, UUID deliveryId) {
        return database.pool()
                .preparedQuery(EnqueueSql.REDELIVER)
                .execute(Tuple.of(webhookId, userId, deliveryId, null, null, 1))
                .compose(queued -> queued.size() > 0
                        ? Future.succeededFuture(true)
                        : database.pool()
                                .preparedQuery(EnqueueSql.HURRY)
                                .execute(Tuple.of(deliveryId, webhookId, userId))
                                .map(hurried -> hurried.size() > 0))
                .onSuccess(queued -> {
                    if (queued) {
                        wake.run();
                    }
                });
    }

    /**
     * Sends what failed, and what was never tried, again; completes with how much that is, at most {@link #MOST_AGAIN} of each.
     *
     * @param before null for now
     */
    Future<Integer> again(
            Database database, UUID webhookId, String userId, OffsetDateTime after, OffsetDateTime before) {
        return database.inTransaction(connection -> connection
                        .preparedQuery(EnqueueSql.REDELIVER)
                        .execute(Tuple.of(webhookId, userId, null, after, before, MOST_AGAIN))
                        .compose(failed -> missed(connection, webhookId, userId, after, before)
                                .compose(missed -> enqueue(connection, missed, webhookId))
                                .map(missed -> failed.size() + missed)))
                .onSuccess(queued -> {
                    if (queued > 0) {
                        wake.run();
                    }
                });
    }

    private static Future<List<Notification>> missed(
            SqlConnection connection, UUID webhookId, String userId, OffsetDateTime after, OffsetDateTime before) {
        return connection
                .preparedQuery(EnqueueSql.MISSED)
                .execute(Tuple.of(webhookId, userId, after, before, MOST_AGAIN))
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
