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

/**
 * Creates, reads and updates webhooks in PostgreSQL on behalf of their owners. Methods return empty if the user has no such webhook.
 * Futures fail with the driver's errors. Usable from any event loop.
 */
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
     * Properties that the owner sets. In an update, null keeps the current value; the defaults below apply to a new webhook.
     *
     * @param url receiver URL; not null for a new webhook
     * @param eventTypes subscribed event types; null for all
     * @param payloadFormat null for {@link PayloadFormat#STANDARD}
     * @param description text for the owner; may be null
     */
    record WebhookSpec(String url, List<String> eventTypes, PayloadFormat payloadFormat, String description) {}

    /** Creates a webhook; the result includes its secret. Empty if the user has the maximum number of webhooks. */
    Future<Optional<JsonObject>> create(String userId, WebhookSpec webhookSpec) {
        byte[] secret = WebhookSigner.generateSecret(random);
        List<String> types =
                webhookSpec.eventTypes() == null ? List.of(WebhookEventTypes.ALL) : webhookSpec.eventTypes();
        PayloadFormat payloadFormat =
                webhookSpec.payloadFormat() == null ? PayloadFormat.STANDARD : webhookSpec.payloadFormat();
        return database.inTransaction(scope -> scope.connection()
                .preparedQuery(WebhookSql.LOCK_USER_WEBHOOKS)
                .execute(Tuple.of(userId))
                .compose(locked -> scope.connection()
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
                .map(created -> created.map(webhook -> webhook.put("secret", WebhookSigner.encodeSecret(secret)))));
    }

    /**
     * Reads a page of a user's webhooks, oldest first: {@code items}, and {@code nextCursor} if there are more.
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

    /** Deletes a webhook and drops its queued deliveries. Completes with false if the user has no such webhook. */
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

    /** Executes a statement that disables or deletes a webhook, and drops its queued deliveries in the same transaction. */
    private Future<RowSet<Row>> executeAndDropQueued(String sql, UUID id, String userId) {
        return database.inTransaction(scope -> scope.connection()
                .preparedQuery(sql)
                .execute(Tuple.of(id, userId))
                .compose(rows -> rows.size() == 0
                        ? Future.succeededFuture(rows)
                        : scope.connection()
                                .preparedQuery(WebhookDeliverySql.DROP_QUEUED)
                                .execute(Tuple.of(id))
                                .map(rows)));
    }

    /** Replaces the secret of a webhook. Completes with the new secret and the time until which the previous one also signs. */
    Future<Optional<JsonObject>> rotateWebhookSecret(UUID id, String userId) {
        byte[] secret = WebhookSigner.generateSecret(random);
        return database.pool()
                .preparedQuery(WebhookSql.ROTATE_WEBHOOK_SECRET)
                .execute(Tuple.of(
                        id,
                        userId,
                        Buffer.buffer(secret),
                        settings.previousSecretTtl().toMillis()))
                .map(rows -> firstRow(rows).map(row -> secretToJson(secret, row)));
    }

    /** Returns the user's secret, which signs deliveries to the URL of a request. Creates it if missing. */
    Future<JsonObject> findOrCreateUserSecret(String userId) {
        return database.pool()
                .preparedQuery(WebhookSql.SELECT_OR_CREATE_USER_SECRET)
                .execute(Tuple.of(userId, Buffer.buffer(WebhookSigner.generateSecret(random))))
                .compose(rows -> rows.size() > 0
                        ? Future.succeededFuture(rows)
                        // A concurrent transaction created the secret.
                        : database.pool()
                                .preparedQuery(WebhookSql.SELECT_OR_CREATE_USER_SECRET)
                                .execute(Tuple.of(userId, Buffer.buffer(WebhookSigner.generateSecret(random)))))
                .map(rows -> {
                    Row row = rows.iterator().next();
                    return secretToJson(row.getBuffer("secret").getBytes(), row);
                });
    }

    /** Replaces the user's secret. Completes with the new secret and the time until which the previous one also signs, if any. */
    Future<JsonObject> rotateUserSecret(String userId) {
        byte[] secret = WebhookSigner.generateSecret(random);
        return database.pool()
                .preparedQuery(WebhookSql.ROTATE_USER_SECRET)
                .execute(Tuple.of(
                        userId,
                        Buffer.buffer(secret),
                        settings.previousSecretTtl().toMillis()))
                .map(rows -> secretToJson(secret, rows.iterator().next()));
    }

    /**
     * Target of a test event. Do not compare instances: the arrays in {@code secrets} have no value equality.
     *
     * @param secrets signing secrets, newest first
     * @param sentAtSeconds current time in seconds since 1970 by the database clock
     * @param timestamp the same time as an RFC 3339 timestamp
     */
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

    private static JsonObject secretToJson(byte[] secret, Row row) {
        JsonObject json = new JsonObject().put("secret", WebhookSigner.encodeSecret(secret));
        putTime(json, "previousSecretExpiresAt", row.getOffsetDateTime("previous_secret_expires_at"));
        return json;
    }

    private static Optional<JsonObject> firstWebhook(RowSet<Row> rows) {
        return firstRow(rows).map(WebhookStore::toJson);
    }

    private static Optional<Row> firstRow(RowSet<Row> rows) {
        var iterator = rows.iterator();
        return iterator.hasNext() ? Optional.of(iterator.next()) : Optional.empty();
    }

    private static JsonObject toJson(Row row) {
        JsonObject json = new JsonObject()
                .put("id", row.getUUID("id").toString())
                .put("url", row.getString("url"))
                .put("eventTypes", new JsonArray(List.of(row.getArrayOfStrings("event_types"))))
                .put("format", row.getString("format"));
        if (row.getString("description") != null) {
            json.put("description", row.getString("description"));
        }
        json.put("enabled", row.getOffsetDateTime("disabled_at") == null);
        putTime(json, "disabledAt", row.getOffsetDateTime("disabled_at"));
        if (row.getString("disabled_reason") != null) {
            json.put("disabledReason", row.getString("disabled_reason"));
        }
        putTime(json, "failingSince", row.getOffsetDateTime("failing_since"));
        putTime(json, "createdAt", row.getOffsetDateTime("created_at"));
        return json;
    }

    private static void putTime(JsonObject json, String name, OffsetDateTime time) {
        if (time != null) {
            json.put(name, Rfc3339Timestamp.format(time));
        }
    }
}
