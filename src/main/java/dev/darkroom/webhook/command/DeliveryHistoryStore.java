package dev.darkroom.webhook.command;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.util.Optional;
import java.util.UUID;

/**
 * Reads the deliveries of a webhook with their attempts from PostgreSQL. Does not check the owner of the webhook. Futures fail with the
 * driver's errors. Usable from any event loop.
 */
final class DeliveryHistoryStore {
    private final Database database;

    DeliveryHistoryStore(Database database) {
        this.database = database;
    }

    /**
     * Reads a page of a webhook's deliveries, newest first: {@code items}, and {@code nextCursor} if there are more.
     *
     * @param status null for any status
     * @param cursor position after which the page starts; null for the first page
     */
    Future<JsonObject> list(UUID webhookId, String status, int limit, Long cursor) {
        return database.pool()
                .preparedQuery(WebhookSql.SELECT_DELIVERIES)
                .execute(Tuple.of(webhookId, status, cursor, limit + 1))
                .map(rows -> {
                    JsonArray items = new JsonArray();
                    JsonObject page = new JsonObject().put("items", items);
                    long last = 0;
                    for (Row row : rows) {
                        if (items.size() == limit) {
                            page.put("nextCursor", String.valueOf(last));
                            break;
                        }
                        items.add(row.getJsonObject("delivery"));
                        last = row.getLong("position");
                    }
                    return page;
                });
    }

    /** Finds a delivery of a webhook; empty if there is none. */
    Future<Optional<JsonObject>> find(UUID webhookId, UUID deliveryId) {
        return database.pool()
                .preparedQuery(WebhookSql.SELECT_DELIVERY)
                .execute(Tuple.of(webhookId, deliveryId))
                .map(rows -> rows.stream().findFirst().map(row -> row.getJsonObject("delivery")));
    }
}
