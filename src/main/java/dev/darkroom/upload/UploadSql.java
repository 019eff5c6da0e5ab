package dev.darkroom.upload;

/** SQL of uploads. Each constant is one statement. */
final class UploadSql {
    private static final String COLUMNS =
            "id, user_id, media_type, width, height, bytes, sha256, storage_key, created_at, expires_at";

    /** Serializes the inserts of a user until the transaction ends, so that {@link #CHECK_QUOTA} counts all of them. */
    static final String LOCK_USER = "SELECT pg_advisory_xact_lock(hashtextextended('upload ' || $1, 0))";

    /**
     * Returns whether an upload of $2 bytes is within the limits of its user: $3 uploads and $4 bytes. Also counts deleted uploads that an
     * unfinished generation uses: otherwise deletions would make room while the files stay. Read-only.
     */
    static final String CHECK_QUOTA = """
            SELECT count(*) < $3::int AND coalesce(sum(bytes), 0) + $2::bigint <= $4::bigint AS within
            FROM uploads WHERE user_id = $1 AND (expires_at > now() OR EXISTS (
              SELECT FROM upload_uses u JOIN generation_queue q USING (generation_id) WHERE u.upload_id = uploads.id))""";

    /**
     * Begins an upload if it is within the quota, which {@link #INSERT} requires later. Also deletes uploads that a killed process began.
     * Concurrent statements insert different rows; each old row is deleted once.
     */
    static final String BEGIN = """
            WITH old AS (
              DELETE FROM pending_uploads WHERE started_at < now() - interval '1 hour'),
            quota AS (%s)
            INSERT INTO pending_uploads (id, user_id) SELECT $5, $1 FROM quota WHERE within RETURNING id""".formatted(CHECK_QUOTA);

    /** Ends an upload that is not stored. Repeating it has no effect. */
    static final String CANCEL = "DELETE FROM pending_uploads WHERE id = $1";

    /**
     * Inserts an upload, unless the erasure of its user deleted the pending row; stores the key of the file to delete then. The lock of the
     * pending row orders both: the erasure waits for this transaction and deletes the upload, or this statement finds no row. Requires
     * {@link #LOCK_USER} and {@link #CHECK_QUOTA} before it in the same transaction.
     */
    static final String INSERT = """
            WITH pending AS (
              DELETE FROM pending_uploads WHERE id = $1 RETURNING id),
            discarded AS (
              INSERT INTO discarded_images (storage_key) SELECT $8 WHERE NOT EXISTS (SELECT FROM pending)
              ON CONFLICT DO NOTHING)
            INSERT INTO uploads (id, user_id, media_type, width, height, bytes, sha256, storage_key, expires_at)
            SELECT id, $2, $3, $4, $5, $6, $7, $8, now() + $9::bigint * interval '1 millisecond' FROM pending
            RETURNING\s""" + COLUMNS;

    /** Returns those of the given uploads of a user that have not expired. Read-only. */
    static final String FIND =
            "SELECT " + COLUMNS + " FROM uploads WHERE user_id = $1 AND id = ANY ($2::uuid[]) AND expires_at > now()";

    /** Waits for submissions that insert a use of an upload, and lets later ones wait, until the transaction ends. */
    static final String LOCK = "SELECT FROM uploads WHERE user_id = $1 AND id = $2 FOR UPDATE";

    /**
     * Expires an upload. Deletes its row unless an unfinished generation uses it, and keeps the key of its file until the file is deleted.
     * Requires {@link #LOCK} before it in the same transaction, so that it sees every use.
     */
    static final String DELETE = """
            WITH found AS MATERIALIZED (
              SELECT id FROM uploads WHERE user_id = $1 AND id = $2 AND expires_at > now()),
            used AS MATERIALIZED (
              SELECT f.id FROM found f WHERE EXISTS (
                SELECT FROM upload_uses u JOIN generation_queue q USING (generation_id) WHERE u.upload_id = f.id)),
            expired AS (
              UPDATE uploads SET expires_at = now() WHERE id IN (SELECT id FROM used)),
            deleted AS (
              DELETE FROM uploads WHERE id IN (SELECT id FROM found EXCEPT SELECT id FROM used) RETURNING storage_key),
            discarded AS (
              INSERT INTO discarded_images (storage_key) SELECT storage_key FROM deleted)
            SELECT (SELECT storage_key FROM deleted) AS storage_key FROM found""";

    private UploadSql() {}
}
