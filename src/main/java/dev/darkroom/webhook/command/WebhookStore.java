package dev.darkroom.webhook.command;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.eventbus.Rfc3339Timestamp;
import dev.darkroom.webhook.PayloadFormat;
import dev.darkroom.webhook.WebhookDeliverySql;
import dev.darkroom.webhook.WebhookEventTypes;
import dev.darkroom.webhook.WebhookSigner;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.security.SecureRandom;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Endpoints in PostgreSQL, as their owners see them. Futures fail with the driver's errors. Usable from any event loop. */
final class WebhookStore {
    private final Database database;
    private final Settings.Webhooks settings;
    private final SecureRandom random = new SecureRandom();
    private final NoArgGenerator ids = Generators.timeBasedEpochRandomGenerator();

    WebhookStore(Database database, Settings.Webhooks settings) {
        this.database = database;
        this.settings = settings;
    }

    /**
     * What an endpoint is made of. In a change what is null stays.
     *
     * @param payloadFormat null for {@link PayloadFormat#STANDARD}
     * @param eventTypes null for all
     */
    record WebhookSpec(String url, List<String> eventTypes, PayloadFormat payloadFormat, String description) {}

    /** An endpoint with its new secret; empty when the user has as many as may be. */
    Future<Optional<JsonObject>> create(String userId, WebhookSpec webhookSpec) {
        byte[] secret = WebhookSigner.generateSecret(random);
        List<String> types =
                webhookSpec.eventTypes() == null ? List.of(WebhookEventTypes.ALL) : webhookSpec.eventTypes();
        PayloadFormat payloadFormat =
                webhookSpec.payloadFormat() == null ? PayloadFormat.STANDARD : webhookSpec.payloadFormat();
        return database.inTransaction(connection -> connection
                .preparedQuery(WebhookSql.LOCK_USER_WEBHOOKS)
                .execute(Tuple.of(userId))
                .compose(alone -> connection
                        .preparedQuery(WebhookSql.INSERT)
                        .execute(Tuple.tuple()
                                .addUUID(ids.generate())
                                .addString(userId)
                                .addString(webhookSpec.url())
                                .addArrayOfString(types.toArray(String[]::new))
                                .addString(payloadFormat.name())
                                .addString(webhookSpec.description())
                                .addBuffer(Buffer.buffer(secret))
                                .addInteger(settings.maxPerUser())))
                .map(WebhookStore::firstWebhook)
                .map(made -> made.map(webhook -> webhook.put("secret", WebhookSigner.encodeSecret(secret)))));
    }

    /**
     * Reads a page of a user's endpoints, the oldest first: {@code items}, and {@code nextCursor} if there are more.
     *
     * @param cursor null for the first page
     */
    Future<JsonObject> list(String userId, int limit, UUID cursor) {
        return database.client()
                .preparedQuery(WebhookSql.SELECT_PAGE)
                .execute(Tuple.of(userId, cursor, limit + 1))
                .map(rows -> {
                    JsonArray items = new JsonArray();
                    JsonObject page = new JsonObject().put("items", items);
                    for (Row row : rows) {
                        if (items.size() == limit) {
                            page.put(
                                    "nextCursor", items.getJsonObject(limit - 1).getString("id"));
                            break;
                        }
                        items.add(toJson(row));
                    }
                    return page;
                });
    }

    Future<Optional<JsonObject>> find(UUID id, String userId) {
        return database.client()
                .preparedQuery(WebhookSql.SELECT_BY_ID)
                .execute(Tuple.of(id, userId))
                .map(WebhookStore::firstWebhook);
    }

    Future<Optional<JsonObject>> update(UUID id, String userId, WebhookSpec webhookSpec) {
        return database.pool()
                .preparedQuery(WebhookSql.UPDATE)
                .execute(Tuple.of(id, userId, webhookSpec.url())
                        .addValue(
                                webhookSpec.eventTypes() == null
                                        ? null
                                        : webhookSpec.eventTypes().toArray(String[]::new))
                        .addString(
                                webhookSpec.payloadFormat() == null
                                        ? null
                                        : webhookSpec.payloadFormat().name())
                        .addString(webhookSpec.description()))
                .map(WebhookStore::firstWebhook);
    }

    /** True when there was one. */
    Future<Boolean> delete(UUID id, String userId) {
        return executeAndDropQueued(WebhookSql.MARK_DELETED, id, userId).map(rows -> rows.size() > 0);
    }

    Future<Optional<JsonObject>> enable(UUID id, String userId) {
        return database.pool()
                .preparedQuery(WebhookSql.ENABLE)
                .execute(Tuple.of(id, userId))
                .map(WebhookStore::firstWebhook);
    }

    Future<Optional<JsonObject>> disable(UUID id, String userId) {
        return executeAndDropQueued(WebhookSql.DISABLE, id, userId).map(WebhookStore::firstWebhook);
    }

    /** Nothing waits for an endpoint that is told nothing. */
    private Future<RowSet<Row>> executeAndDropQueued(String sql, UUID id, String userId) {
        return database.inTransaction(connection -> connection
                .preparedQuery(sql)
                .execute(Tuple.of(id, userId))
                .compose(rows -> rows.size() == 0
                        ? Future.succeededFuture(rows)
                        : connection
                                .preparedQuery(WebhookDeliverySql.DROP_QUEUED)
                                .execute(Tuple.of(id))
                                .map(rows)));
    }

    /** The new secret, and until when the old one signs too. */
    Future<Optional<JsonObject>> rotateWebhookSecret(UUID id, String userId) {
        byte[] secret = WebhookSigner.generateSecret(random);
        return database.pool()
                .preparedQuery(WebhookSql.ROTATE_WEBHOOK_SECRET)
                .execute(Tuple.of(
                        id,
                        userId,
                        Buffer.buffer(secret),
                        settings.secretGrace().toMillis()))
                .map(rows -> firstRow(rows).map(row -> secret(secret, row)));
    }

    /** The secret of what requests name the URL of. */
    Future<JsonObject> secret(String userId) {
        return database.pool()
                .preparedQuery(WebhookSql.SELECT_OR_CREATE_USER_SECRET)
                .execute(Tuple.of(userId, Buffer.buffer(WebhookSigner.generateSecret(random))))
                .compose(rows -> rows.size() > 0
                        ? Future.succeededFuture(rows)
                        // Another made it at the same moment.
                        : database.pool()
                                .preparedQuery(WebhookSql.SELECT_OR_CREATE_USER_SECRET)
                                .execute(Tuple.of(userId, Buffer.buffer(WebhookSigner.generateSecret(random)))))
                .map(rows -> {
                    Row row = rows.iterator().next();
                    return secret(row.getBuffer("secret").getBytes(), row);
                });
    }

    Future<JsonObject> rotateUserSecret(String userId) {
        byte[] secret = WebhookSigner.generateSecret(random);
        return database.pool()
                .preparedQuery(WebhookSql.ROTATE_USER_SECRET)
                .execute(Tuple.of(
                        userId, Buffer.buffer(secret), settings.secretGrace().toMillis()))
                .map(rows -> secret(secret, rows.iterator().next()));
    }

    /** What a test is sent with. The array is never compared. */
    record TestTarget(
            String url, PayloadFormat payloadFormat, List<byte[]> secrets, long sentAtSeconds, String timestamp) {}

    Future<Optional<TestTarget>> findTestTarget(UUID id, String userId) {
        return database.client()
                .preparedQuery(WebhookSql.SELECT_TEST_TARGET)
                .execute(Tuple.of(id, userId))
                .map(rows -> firstRow(rows).map(row -> {
                    List<byte[]> secrets = new ArrayList<>();
                    secrets.add(row.getBuffer("secret").getBytes());
                    if (row.getBuffer("previous_secret") != null) {
                        secrets.add(row.getBuffer("previous_secret").getBytes());
                    }
                    return new TestTarget(
                            row.getString("url"),
                            PayloadFormat.valueOf(row.getString("format")),
                            secrets,
                            row.getLong("sent_at"),
                            row.getString("at"));
                }));
    }

    /**
     * A page of an endpoint's deliveries, the newest first: {@code items}, and {@code nextCursor} if there are more.
     *
     * @param status null for any
     * @param cursor null for the first page
     */
    Future<JsonObject> listDeliveries(UUID id, String status, int limit, Long cursor) {
        return database.pool()
                .preparedQuery(WebhookSql.SELECT_DELIVERIES)
                .execute(Tuple.of(id, status, cursor, limit + 1))
                .map(rows -> {
                    JsonArray items = new JsonArray();
                    JsonObject page = new JsonObject().put("items", items);
                    long last = 0;
                    for (Row row : rows) {
                        if (items.size() == limit) {
                            page.put("nextCursor", String.valueOf(last));
                            break;
                        }
                        items.add(row.getJsonObject("told"));
                        last = row.getLong("position");
                    }
                    return page;
                });
    }

    /** One of them; empty if the endpoint has none of this id. */
    Future<Optional<JsonObject>> findDelivery(UUID id, UUID deliveryId) {
        return database.pool()
                .preparedQuery(WebhookSql.SELECT_DELIVERY)
                .execute(Tuple.of(id, deliveryId))
                .map(rows -> rows.stream().findFirst().map(row -> row.getJsonObject("told")));
    }

    private static JsonObject secret(byte[] secret, Row row) {
        JsonObject told = new JsonObject().put("secret", WebhookSigner.encodeSecret(secret));
        putTime(told, "previousUntil", row.getOffsetDateTime("previous_until"));
        return told;
    }

    private static Optional<JsonObject> firstWebhook(RowSet<Row> rows) {
        return firstRow(rows).map(WebhookStore::toJson);
    }

    private static Optional<Row> firstRow(RowSet<Row> rows) {
        var iterator = rows.iterator();
        return iterator.hasNext() ? Optional.of(iterator.next()) : Optional.empty();
    }

    private static JsonObject toJson(Row row) {
        JsonObject told = new JsonObject()
                .put("id", row.getUUID("id").toString())
                .put("url", row.getString("url"))
                .put("eventTypes", new JsonArray(List.of(row.getArrayOfStrings("event_types"))))
                .put("format", row.getString("format"));
        if (row.getString("description") != null) {
            told.put("description", row.getString("description"));
        }
        told.put("enabled", row.getOffsetDateTime("disabled_at") == null);
        putTime(told, "disabledAt", row.getOffsetDateTime("disabled_at"));
        if (row.getString("disabled_reason") != null) {
            told.put("disabledReason", row.getString("disabled_reason"));
        }
        putTime(told, "failingSince", row.getOffsetDateTime("failing_since"));
        putTime(told, "createdAt", row.getOffsetDateTime("created_at"));
        return told;
    }

    private static void putTime(JsonObject told, String name, OffsetDateTime time) {
        if (time != null) {
            told.put(name, Rfc3339Timestamp.format(time));
        }
    }
}
