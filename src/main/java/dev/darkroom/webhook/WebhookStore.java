package dev.darkroom.webhook;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import dev.darkroom.command.Timestamp;
import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
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
     * @param format null for {@link Format#STANDARD}
     * @param eventTypes null for all
     */
    record Wanted(String url, List<String> eventTypes, Format format, String description) {}

    /** An endpoint with its new secret; empty when the user has as many as may be. */
    Future<Optional<JsonObject>> create(String userId, Wanted wanted) {
        byte[] secret = SigningSecret.mint(random);
        List<String> types = wanted.eventTypes() == null ? List.of(WebhookEvents.ALL) : wanted.eventTypes();
        Format format = wanted.format() == null ? Format.STANDARD : wanted.format();
        return database.inTransaction(connection -> connection
                .preparedQuery(WebhookSql.MAKING)
                .execute(Tuple.of(userId))
                .compose(alone -> connection
                        .preparedQuery(WebhookSql.CREATE)
                        .execute(Tuple.tuple()
                                .addUUID(ids.generate())
                                .addString(userId)
                                .addString(wanted.url())
                                .addArrayOfString(types.toArray(String[]::new))
                                .addString(format.name())
                                .addString(wanted.description())
                                .addBuffer(Buffer.buffer(secret))
                                .addInteger(settings.maxPerUser())))
                .map(WebhookStore::one)
                .map(made -> made.map(webhook -> webhook.put("secret", SigningSecret.text(secret)))));
    }

    /**
     * Reads a page of a user's endpoints, the oldest first: {@code items}, and {@code nextCursor} if there are more.
     *
     * @param cursor null for the first page
     */
    Future<JsonObject> list(String userId, int limit, UUID cursor) {
        return database.client()
                .preparedQuery(WebhookSql.LIST)
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
                        items.add(told(row));
                    }
                    return page;
                });
    }

    Future<Optional<JsonObject>> find(UUID id, String userId) {
        return database.client()
                .preparedQuery(WebhookSql.FIND)
                .execute(Tuple.of(id, userId))
                .map(WebhookStore::one);
    }

    Future<Optional<JsonObject>> change(UUID id, String userId, Wanted wanted) {
        return database.pool()
                .preparedQuery(WebhookSql.CHANGE)
                .execute(Tuple.of(id, userId, wanted.url())
                        .addValue(
                                wanted.eventTypes() == null
                                        ? null
                                        : wanted.eventTypes().toArray(String[]::new))
                        .addString(
                                wanted.format() == null ? null : wanted.format().name())
                        .addString(wanted.description()))
                .map(WebhookStore::one);
    }

    /** True when there was one. */
    Future<Boolean> delete(UUID id, String userId) {
        return ended(WebhookSql.DELETE, id, userId).map(rows -> rows.size() > 0);
    }

    Future<Optional<JsonObject>> enable(UUID id, String userId) {
        return database.pool()
                .preparedQuery(WebhookSql.ENABLE)
                .execute(Tuple.of(id, userId))
                .map(WebhookStore::one);
    }

    Future<Optional<JsonObject>> disable(UUID id, String userId) {
        return ended(WebhookSql.DISABLE, id, userId).map(WebhookStore::one);
    }

    /** Nothing waits for an endpoint that is told nothing. */
    private Future<RowSet<Row>> ended(String sql, UUID id, String userId) {
        return database.inTransaction(connection -> connection
                .preparedQuery(sql)
                .execute(Tuple.of(id, userId))
                .compose(rows -> rows.size() == 0
                        ? Future.succeededFuture(rows)
                        : connection
                                .preparedQuery(DeliverySql.DROP_WAITING)
                                .execute(Tuple.of(id))
                                .map(rows)));
    }

    /** The new secret, and until when the old one signs too. */
    Future<Optional<JsonObject>> rotate(UUID id, String userId) {
        byte[] secret = SigningSecret.mint(random);
        return database.pool()
                .preparedQuery(WebhookSql.ROTATE)
                .execute(Tuple.of(
                        id,
                        userId,
                        Buffer.buffer(secret),
                        settings.secretGrace().toMillis()))
                .map(rows -> first(rows).map(row -> secret(secret, row)));
    }

    /** The secret of what requests name the URL of. */
    Future<JsonObject> secret(String userId) {
        return database.pool()
                .preparedQuery(WebhookSql.SECRET)
                .execute(Tuple.of(userId, Buffer.buffer(SigningSecret.mint(random))))
                .compose(rows -> rows.size() > 0
                        ? Future.succeededFuture(rows)
                        // Another made it at the same moment.
                        : database.pool()
                                .preparedQuery(WebhookSql.SECRET)
                                .execute(Tuple.of(userId, Buffer.buffer(SigningSecret.mint(random)))))
                .map(rows -> {
                    Row row = rows.iterator().next();
                    return secret(row.getBuffer("secret").getBytes(), row);
                });
    }

    Future<JsonObject> rotateSecret(String userId) {
        byte[] secret = SigningSecret.mint(random);
        return database.pool()
                .preparedQuery(WebhookSql.ROTATE_SECRET)
                .execute(Tuple.of(
                        userId, Buffer.buffer(secret), settings.secretGrace().toMillis()))
                .map(rows -> secret(secret, rows.iterator().next()));
    }

    /** What a test is sent with. The array is never compared. */
    record Signing(String url, Format format, List<byte[]> secrets, long sentAt, String at) {}

    Future<Optional<Signing>> signing(UUID id, String userId) {
        return database.client()
                .preparedQuery(WebhookSql.SIGNING)
                .execute(Tuple.of(id, userId))
                .map(rows -> first(rows).map(row -> {
                    List<byte[]> secrets = new ArrayList<>();
                    secrets.add(row.getBuffer("secret").getBytes());
                    if (row.getBuffer("previous_secret") != null) {
                        secrets.add(row.getBuffer("previous_secret").getBytes());
                    }
                    return new Signing(
                            row.getString("url"),
                            Format.valueOf(row.getString("format")),
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
    Future<JsonObject> deliveries(UUID id, String status, int limit, Long cursor) {
        return database.pool()
                .preparedQuery(WebhookSql.DELIVERIES)
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
    Future<Optional<JsonObject>> delivery(UUID id, UUID deliveryId) {
        return database.pool()
                .preparedQuery(WebhookSql.DELIVERY)
                .execute(Tuple.of(id, deliveryId))
                .map(rows -> rows.stream().findFirst().map(row -> row.getJsonObject("told")));
    }

    private static JsonObject secret(byte[] secret, Row row) {
        JsonObject told = new JsonObject().put("secret", SigningSecret.text(secret));
        putTime(told, "previousUntil", row.getOffsetDateTime("previous_until"));
        return told;
    }

    private static Optional<JsonObject> one(RowSet<Row> rows) {
        return first(rows).map(WebhookStore::told);
    }

    private static Optional<Row> first(RowSet<Row> rows) {
        var iterator = rows.iterator();
        return iterator.hasNext() ? Optional.of(iterator.next()) : Optional.empty();
    }

    private static JsonObject told(Row row) {
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
            told.put(name, Timestamp.text(time));
        }
    }
}
