package dev.darkroom.generation.waiting;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.StatementBatcher;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The requests that wait for a generation, in PostgreSQL. Futures fail with the driver's errors. Confined to the event loop of one
 * verticle.
 */
public final class WaitingRequestStore {
    private static final StatementBatcher.Limits BATCH_LIMITS =
            new StatementBatcher.Limits(64, 1, Duration.ofSeconds(3));

    private final Database database;
    private final Settings.Node nodeSettings;
    private final StatementBatcher<UUID, Optional<Disconnected>> disconnections;
    private final StatementBatcher<UUID, Void> deletions;

    public WaitingRequestStore(Database database, Settings.Node nodeSettings) {
        this.database = database;
        this.nodeSettings = nodeSettings;
        this.disconnections = new StatementBatcher<>(BATCH_LIMITS, this::disconnect, error -> true, System::nanoTime);
        this.deletions = new StatementBatcher<>(BATCH_LIMITS, this::deleteAnswered, error -> true, System::nanoTime);
    }

    /**
     * Result of a search for the generation of a retry.
     *
     * @param generationId generation to which the retry is attached now; null without one
     * @param arrivedAt for the next call of {@link #attach}
     * @param undecided whether an equal request may still turn out to be disconnected
     */
    public record Attachment(UUID generationId, OffsetDateTime arrivedAt, boolean undecided) {}

    /** Generation whose connection broke. */
    public record Disconnected(UUID generationId, String callerDigest) {}

    /**
     * Attaches a retry to a generation of an equal request whose connection broke.
     *
     * @param arrivedAt null in the first call for this retry
     */
    public Future<Attachment> attach(String userId, WaitingRequest retry, OffsetDateTime arrivedAt) {
        return database.client()
                .preparedQuery(WaitingRequestSql.ATTACH)
                .execute(Tuple.of(
                                retry.callerDigest(userId), retry.retryCount(), retry.connectionId(), retry.processId())
                        .addOffsetDateTime(arrivedAt)
                        .addLong(WaitingRequest.RETRY_WINDOW.toMillis())
                        .addLong(nodeSettings.ttl().toMillis())
                        .addLong(nodeSettings.heartbeatInterval().toMillis()))
                .map(rows -> {
                    Row row = rows.iterator().next();
                    return new Attachment(
                            row.getUUID("generation_id"),
                            row.getOffsetDateTime("arrived_at"),
                            row.getBoolean("undecided"));
                });
    }

    /** Stores that a connection broke. Completes empty when it had no row, or another connection took its place. */
    public Future<Optional<Disconnected>> markDisconnected(UUID connectionId) {
        return disconnections.add(connectionId);
    }

    /** Deletes the row of a request that got its whole response. */
    public Future<Void> deleteAnswered(UUID connectionId) {
        return deletions.add(connectionId);
    }

    private Future<List<Optional<Disconnected>>> disconnect(List<UUID> connectionIds) {
        return execute(WaitingRequestSql.DISCONNECT, connectionIds).map(rows -> {
            Map<UUID, Disconnected> disconnected = new HashMap<>();
            for (Row row : rows) {
                disconnected.put(
                        row.getUUID("connection_id"),
                        new Disconnected(row.getUUID("generation_id"), row.getString("caller_digest")));
            }
            return connectionIds.stream()
                    .map(id -> Optional.ofNullable(disconnected.get(id)))
                    .toList();
        });
    }

    private Future<List<Void>> deleteAnswered(List<UUID> connectionIds) {
        return execute(WaitingRequestSql.DELETE_ANSWERED, connectionIds)
                .map(rows -> Collections.nCopies(connectionIds.size(), null));
    }

    private Future<RowSet<Row>> execute(String sql, List<UUID> connectionIds) {
        return database.client().preparedQuery(sql).execute(Tuple.of((Object) connectionIds.toArray(UUID[]::new)));
    }
}
