package dev.darkroom.webhook;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;

/** Deletes deliveries, a batch at a time. What somebody else deletes at the same moment is passed over. Usable from any event loop. */
final class DeliveryRetentionStore {
    /** The oldest that have ended, with their attempts. */
    private static final String DELETE_EXPIRED = """
            WITH old AS MATERIALIZED (
              SELECT id FROM webhook_deliveries
              WHERE created_at < now() - $1::bigint * interval '1 millisecond' AND status <> 'PENDING'
              ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)
            DELETE FROM webhook_deliveries d USING old WHERE d.id = old.id RETURNING d.id""";

    /** Those of endpoints that were deleted. What is under way is waited for. */
    private static final String DELETE_OF_DELETED_WEBHOOKS = """
            WITH old AS MATERIALIZED (
              SELECT d.id FROM webhooks w JOIN webhook_deliveries d ON d.webhook_id = w.id
              WHERE w.deleted_at IS NOT NULL AND d.status <> 'PENDING' LIMIT $1 FOR UPDATE OF d SKIP LOCKED)
            DELETE FROM webhook_deliveries d USING old WHERE d.id = old.id RETURNING d.id""";

    private static final String DELETE_EMPTY_WEBHOOKS = """
            DELETE FROM webhooks w WHERE w.deleted_at IS NOT NULL
              AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.id)""";

    private final Database database;

    DeliveryRetentionStore(Database database) {
        this.database = database;
    }

    /** How many of those that are older than {@code age} were deleted. */
    Future<Integer> deleteExpired(Duration age, int limit) {
        return delete(DELETE_EXPIRED, Tuple.of(age.toMillis(), limit));
    }

    /** How many of deleted endpoints were deleted. */
    Future<Integer> deleteOfDeletedWebhooks(int limit) {
        return delete(DELETE_OF_DELETED_WEBHOOKS, Tuple.of(limit));
    }

    /** Deletes endpoints that nobody sees any more and of which nothing is left. */
    Future<Void> deleteEmptyWebhooks() {
        return database.pool().preparedQuery(DELETE_EMPTY_WEBHOOKS).execute().mapEmpty();
    }

    private Future<Integer> delete(String sql, Tuple values) {
        return database.pool().preparedQuery(sql).execute(values).map(rows -> rows.size());
    }
}
