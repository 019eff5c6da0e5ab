package dev.darkroom.webhook.command;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import dev.darkroom.database.Database;
import dev.darkroom.webhook.DeliveryAttemptOutcome;
import dev.darkroom.webhook.command.WebhookResult.DeliveryPage;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Reads the deliveries of a webhook with their attempts from PostgreSQL. Does not check the owner of the webhook. Futures fail with the
 * driver's errors. Usable from any event loop.
 */
record DeliveryHistoryStore(Database database) {

    /**
     * Reads a page of a webhook's deliveries, newest first.
     *
     * @param status null for any status
     * @param cursor position after which the page starts; null for the first page
     */
    Future<DeliveryPage> list(UUID webhookId, DeliveryStatus status, int limit, Long cursor) {
        return database.pool()
                .preparedQuery(WebhookSql.SELECT_DELIVERIES)
                .execute(Tuple.of(webhookId, status == null ? null : status.name(), cursor, limit + 1))
                .map(rows -> {
                    List<List<Row>> found = groupByDelivery(rows);
                    List<Delivery> items = found.stream()
                            .limit(limit)
                            .map(DeliveryHistoryStore::toDelivery)
                            .toList();
                    return new DeliveryPage(
                            items,
                            found.size() > limit
                                    ? found.get(limit - 1)
                                            .get(0)
                                            .getLong("position")
                                            .toString()
                                    : null);
                });
    }

    /** Finds a delivery of a webhook; empty if there is none. */
    Future<Optional<Delivery>> find(UUID webhookId, UUID deliveryId) {
        return database.pool()
                .preparedQuery(WebhookSql.SELECT_DELIVERY)
                .execute(Tuple.of(webhookId, deliveryId))
                .map(rows -> groupByDelivery(rows).stream().findFirst().map(DeliveryHistoryStore::toDelivery));
    }

    /** Groups rows in the order of deliveries, one for each attempt; a delivery without attempts has one row. */
    private static List<List<Row>> groupByDelivery(RowSet<Row> rows) {
        return List.copyOf(rows.stream()
                .collect(groupingBy(row -> row.getUUID("id"), LinkedHashMap::new, toList()))
                .values());
    }

    private static Delivery toDelivery(List<Row> rows) {
        Row first = rows.get(0);
        return new Delivery(
                first.getUUID("id"),
                first.getUUID("notification_id"),
                first.getString("type"),
                first.getUUID("generation_id"),
                DeliveryStatus.valueOf(first.getString("status")),
                first.getOffsetDateTime("created_at"),
                first.getOffsetDateTime("ended_at"),
                first.getOffsetDateTime("next_attempt_at"),
                rows.stream()
                        .filter(row -> row.getInteger("number") != null)
                        .map(DeliveryHistoryStore::toAttempt)
                        .toList());
    }

    private static DeliveryAttempt toAttempt(Row row) {
        return new DeliveryAttempt(
                row.getInteger("number"),
                row.getOffsetDateTime("started_at"),
                row.getOffsetDateTime("finished_at"),
                DeliveryAttemptOutcome.valueOf(row.getString("outcome")),
                row.getInteger("http_status"),
                row.getString("error_code"),
                row.getOffsetDateTime("retry_at"));
    }
}
