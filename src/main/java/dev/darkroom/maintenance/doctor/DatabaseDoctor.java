package dev.darkroom.maintenance.doctor;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.database.DatabaseException;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.maintenance.doctor.DoctorReport.CheckResult;
import dev.darkroom.maintenance.doctor.DoctorReport.Finding;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Checks the consistency of a database and its image files, with or without running processes, and changes nothing. Reads the tables in
 * one transaction, so that the result is a consistent snapshot. Reads the image files afterwards, page by page, because a transaction
 * that stays open during that time would keep vacuum from removing dead rows of the queue.
 *
 * <p>Blocking: do not call on an event loop.
 */
public final class DatabaseDoctor {
    /** Maximum number of findings per check in the report; all are counted. */
    static final int MAX_FINDINGS = 20;

    private static final String READ_CLOCK = "SELECT now()";
    private static final String READ_DATABASE_ID = "SELECT id FROM installation";

    private static final String QUERY_PREFIX = "SELECT *, count(*) OVER () FROM (";
    private static final String QUERY_SUFFIX = ") exceptions ORDER BY 1, 2 LIMIT " + MAX_FINDINGS;

    /** Reports queued generations and deliveries if no process runs that has their role. */
    private static final String FIND_IDLE_QUEUES = """
            WITH live AS (
              SELECT unnest(coalesce(roles, ARRAY['notifier', 'worker'])) AS role FROM nodes WHERE expires_at > now())
            SELECT 'no process with the role worker is running; ' || count(*) || ' generations are queued, ' || count(lease_owner)
              || ' of them leased'
            FROM generation_queue WHERE NOT EXISTS (SELECT FROM live WHERE role = 'worker') HAVING count(*) > 0
            UNION ALL
            SELECT 'no process with the role notifier is running; ' || count(*) || ' deliveries are queued'
            FROM webhook_queue WHERE NOT EXISTS (SELECT FROM live WHERE role = 'notifier') HAVING count(*) > 0""";

    /** Reports queued generations past their deadline. The reaper fails them in batches; a large number indicates a problem. */
    private static final String FIND_OVERDUE = """
            SELECT count(*) || ' queued generations are past their deadline and not yet failed by the reaper, the oldest since '
              || to_char(min(deadline) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            FROM generation_queue WHERE deadline < now() AND lease_owner IS NULL HAVING count(*) > 0""";

    private DatabaseDoctor() {}

    /**
     * Options of a check.
     *
     * @param deep whether to compare the SHA-256 of image files; otherwise only their size
     * @param statementTimeout time after which PostgreSQL cancels a statement
     */
    public record Options(boolean deep, Duration statementTimeout) {}

    /**
     * Runs all checks once.
     *
     * @param openImageStore opens the image store of the database with an id, for reading. It is closed at the end
     * @throws DatabaseException if the database cannot be read; the message is a single line
     */
    public static DoctorReport examine(
            DatabaseUrl url, Settings settings, Options options, Function<UUID, ImageStore> openImageStore) {
        try (ReadOnlySession readOnlySession = ReadOnlySession.open(url, options.statementTimeout())) {
            DoctorReport tables = readOnlySession.runInSnapshot(() -> checkTables(readOnlySession, url, settings));
            UUID databaseId = readOnlySession.runInSnapshot(() -> readOnlySession
                    .query(READ_DATABASE_ID, List.of(), row -> row.getObject(1, UUID.class))
                    .get(0));
            ImageStore imageStore = openImageStore.apply(databaseId);
            try {
                return checkFiles(
                        tables, new ImageFileChecker(readOnlySession, imageStore, orphanAge(settings)), options.deep());
            } finally {
                imageStore.close().toCompletionStage().toCompletableFuture().join();
            }
        }
    }

    private static DoctorReport checkFiles(DoctorReport tables, ImageFileChecker files, boolean deep) {
        CheckResult fileCheck = files.checkFiles(deep);
        return new DoctorReport(
                tables.database(),
                tables.takenAt(),
                Stream.concat(tables.results().stream(), Stream.of(files.checkOwner(), fileCheck))
                        .toList(),
                Stream.concat(tables.notes().stream(), files.findOrphans().stream())
                        .toList());
    }

    private static DoctorReport checkTables(ReadOnlySession readOnlySession, DatabaseUrl url, Settings settings)
            throws SQLException {
        Instant takenAt = readOnlySession
                .query(
                        READ_CLOCK,
                        List.of(),
                        row -> row.getObject(1, OffsetDateTime.class).toInstant())
                .get(0);
        List<CheckResult> results = new ArrayList<>();
        for (ConsistencyCheck consistencyCheck : ConsistencyChecks.all(settings)) {
            results.add(runCheck(readOnlySession, consistencyCheck));
        }
        List<String> notes = new ArrayList<>();
        notes.addAll(readOnlySession.query(FIND_IDLE_QUEUES, List.of(), row -> row.getString(1)));
        notes.addAll(readOnlySession.query(FIND_OVERDUE, List.of(), row -> row.getString(1)));
        return new DoctorReport(url.describe(), takenAt, results, notes);
    }

    private static CheckResult runCheck(ReadOnlySession readOnlySession, ConsistencyCheck consistencyCheck)
            throws SQLException {
        long[] total = {0};
        List<Finding> findings = readOnlySession.query(
                QUERY_PREFIX + consistencyCheck.sql() + QUERY_SUFFIX, consistencyCheck.parameters(), row -> {
                    total[0] = row.getLong(3);
                    return new Finding(consistencyCheck.subject(), row.getString(1), row.getString(2));
                });
        return new CheckResult(
                consistencyCheck.id(), consistencyCheck.rule(), total[0], findings, consistencyCheck.advice());
    }

    /** Returns the minimum age of orphaned files. An image file is written before its row, so a newer file may still get a row. */
    private static Duration orphanAge(Settings settings) {
        return settings.longestAttempt().plus(settings.node().ttl()).plusMinutes(1);
    }
}
