package dev.darkroom.webhook;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;

/** Deletes deliveries in batches. Skips rows locked by other processes. Futures fail with the driver's errors. Usable from any event loop. */
final class DeliveryRetentionStore {
    /** Deletes the oldest ended deliveries with their attempts. */
    private static final String DELETE_EXPIRED = """
            WITH old AS MATERIALIZED (
              SELECT id FROM webhook_deliveries
              WHERE created_at < now() - $1::bigint * interval '1 millisecond' AND status <> 'PENDING'
              ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)
            DELETE FROM webhook_deliveries d USING old WHERE d.id = old.id RETURNING d.id""";

    /** Deletes the ended deliveries of deleted webhooks. Pending ones are deleted by a later run, after they ended. */
    private static final String DELETE_OF_DELETED_WEBHOOKS = """
            WITH old AS MATERIALIZED (
              SELECT d.id FROM webhooks w JOIN webhook_deliveries d ON d.webhook_id = w.id
              WHERE w.deleted_at IS NOT NULL AND d.status <> 'PENDING' LIMIT $1 FOR UPDATE OF d SKIP LOCKED)
            DELETE FROM webhook_deliveries d USING old WHERE d.id = old.id RETURNING d.id""";

    /** Deletes deleted webhooks without deliveries. */
    private static final String DELETE_EMPTY_WEBHOOKS = """
            DELETE FROM webhooks w WHERE w.deleted_at IS NOT NULL
              AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.id)""";

    private final Database database;

    DeliveryRetentionStore(Database database) {
        this.database = database;
    }

    /** Deletes up to {@code limit} ended deliveries older than {@code age}; completes with their number. */
    Future<Integer> deleteExpired(Duration age, int limit) {
        return delete(DELETE_EXPIRED, Tuple.of(age.toMillis(), limit));
    }

    /** Deletes up to {@code limit} ended deliveries of deleted webhooks; completes with their number. */
    Future<Integer> deleteOfDeletedWebhooks(int limit) {
        return delete(DELETE_OF_DELETED_WEBHOOKS, Tuple.of(limit));
    }

    /** Deletes the rows of deleted webhooks that have no deliveries left. */
    Future<Void> deleteEmptyWebhooks() {
        return database.pool().preparedQuery(DELETE_EMPTY_WEBHOOKS).execute().mapEmpty();
    }

    private Future<Integer> delete(String sql, Tuple values) {
        return database.pool().preparedQuery(sql).execute(values).map(rows -> rows.size());
    }
}
