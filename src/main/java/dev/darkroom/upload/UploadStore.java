package dev.darkroom.upload;

import dev.darkroom.config.InboundSettings;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseErrorClassifier;
import dev.darkroom.image.Image;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Stores the rows of uploads. Futures fail with the driver's errors. Usable from any event loop. */
public record UploadStore(Database database, InboundSettings.InputImages settings) {

    /** Result of an insert. */
    sealed interface Insertion {
        record Stored(Upload upload) implements Insertion {}

        record QuotaExceeded() implements Insertion {}

        /** The erasure of the user began after the upload. */
        record UserErased() implements Insertion {}
    }

    /** Begins an upload. Completes with false when it would exceed the quota of its user. */
    Future<Boolean> begin(UUID id, String user, long bytes) {
        return database.pool()
                .preparedQuery(UploadSql.BEGIN)
                .execute(quotaParameters(user, bytes).addUUID(id))
                .map(rows -> rows.size() > 0);
    }

    /** Ends an upload that is not stored. */
    Future<Void> cancel(UUID id) {
        return database.pool()
                .preparedQuery(UploadSql.CANCEL)
                .execute(Tuple.of(id))
                .mapEmpty();
    }

    private Tuple quotaParameters(String user, long bytes) {
        return Tuple.of(user, bytes, settings.maxUploadsPerUser(), (long) settings.maxUploadBytesPerUser());
    }

    /**
     * Stores an upload that was begun. Its file must be in the image store. Repeats the transaction when it is unknown whether it was
     * committed.
     */
    Future<Insertion> insert(UUID id, String user, String storageKey, Image image) {
        return insertOnce(id, user, storageKey, image)
                .recover(error -> DatabaseErrorClassifier.isOutcomeUnknown(error)
                        ? afterClosedConnection().compose(closed -> insertOnce(id, user, storageKey, image))
                        : Future.failedFuture(error));
    }

    /** Completes with the next event, when the pool has removed the broken connection. */
    private static Future<Void> afterClosedConnection() {
        Promise<Void> next = Promise.promise();
        Vertx.currentContext().runOnContext(next::complete);
        return next.future();
    }

    /** Returns the upload when it is stored already. A transaction with an unknown outcome has ended when this one has the lock. */
    private Future<Insertion> insertOnce(UUID id, String user, String storageKey, Image image) {
        return database.inTransaction(scope -> scope.connection()
                .preparedQuery(UploadSql.LOCK_USER)
                .execute(Tuple.of(user))
                .compose(locked -> find(scope.connection(), user, List.of(id)))
                .compose(stored -> stored.isEmpty()
                        ? insertWithinQuota(scope.connection(), id, user, storageKey, image)
                        : Future.succeededFuture(new Insertion.Stored(stored.get(0)))));
    }

    private Future<Insertion> insertWithinQuota(
            SqlClient connection, UUID id, String user, String storageKey, Image image) {
        return connection
                .preparedQuery(UploadSql.CHECK_QUOTA)
                .execute(quotaParameters(user, image.size()))
                .compose(rows -> rows.iterator().next().getBoolean("within")
                        ? connection
                                .preparedQuery(UploadSql.INSERT)
                                .execute(Tuple.of(
                                        id,
                                        user,
                                        image.format().contentType(),
                                        image.width(),
                                        image.height(),
                                        (long) image.size(),
                                        image.sha256(),
                                        storageKey,
                                        settings.uploadTtl().toMillis()))
                                .map(UploadStore::toInsertion)
                        : Future.succeededFuture(new Insertion.QuotaExceeded()));
    }

    /** Returns those of the given uploads that belong to the user and have not expired. */
    public Future<List<Upload>> find(String user, Collection<UUID> ids) {
        return find(database.pool(), user, ids);
    }

    private static Future<List<Upload>> find(SqlClient client, String user, Collection<UUID> ids) {
        return client.preparedQuery(UploadSql.FIND)
                .execute(Tuple.of(user).addArrayOfUUID(ids.toArray(UUID[]::new)))
                .map(rows -> rows.stream().map(UploadStore::toUpload).toList());
    }

    /**
     * Result of a deletion.
     *
     * @param storageKey of the file to delete; null while a generation uses the upload
     */
    record Deletion(String storageKey) {}

    /** Expires an upload, and deletes its row unless an unfinished generation uses it. Empty when the user has no such upload. */
    Future<Optional<Deletion>> delete(String user, UUID id) {
        return database.inTransaction(scope -> scope.connection()
                        .preparedQuery(UploadSql.LOCK)
                        .execute(Tuple.of(user, id))
                        .compose(locked -> scope.connection()
                                .preparedQuery(UploadSql.DELETE)
                                .execute(Tuple.of(user, id))))
                .map(rows -> {
                    for (Row row : rows) {
                        return Optional.of(new Deletion(row.getString("storage_key")));
                    }
                    return Optional.empty();
                });
    }

    private static Insertion toInsertion(RowSet<Row> rows) {
        return rows.stream()
                .findFirst()
                .<Insertion>map(row -> new Insertion.Stored(toUpload(row)))
                .orElseGet(Insertion.UserErased::new);
    }

    private static Upload toUpload(Row row) {
        return new Upload(
                row.getUUID("id"),
                row.getString("user_id"),
                row.getString("media_type"),
                row.getInteger("width"),
                row.getInteger("height"),
                row.getLong("bytes"),
                row.getString("sha256"),
                row.getString("storage_key"),
                row.getOffsetDateTime("created_at").toInstant(),
                row.getOffsetDateTime("expires_at").toInstant());
    }
}
