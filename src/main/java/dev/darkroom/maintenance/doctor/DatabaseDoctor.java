package dev.darkroom.maintenance.doctor;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.database.DatabaseException;
import dev.darkroom.maintenance.doctor.DoctorReport.CheckResult;
import dev.darkroom.maintenance.doctor.DoctorReport.Finding;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Examines a database and its pictures, beside a running service or without one, and changes nothing. The tables are read
 * in one transaction, so that what is found was so at one moment; the pictures afterwards, page by page, because a
 * transaction that is open while they are read would keep the queue's dead rows alive.
 *
 * <p>Blocking: never on an event loop.
 */
public final class DatabaseDoctor {
    /** How many exceptions of one check are told; more are counted. */
    static final int MAX_FINDINGS = 20;

    private static final String READ_CLOCK = "SELECT now()";

    private static final String QUERY_PREFIX = "SELECT *, count(*) OVER () FROM (";
    private static final String QUERY_SUFFIX = ") exceptions ORDER BY 1, 2 LIMIT " + MAX_FINDINGS;

    /** What waits for a process to come. */
    private static final String FIND_IDLE_QUEUE = """
            SELECT 'no process is at work; ' || count(*) || ' generations wait for one, ' || count(lease_owner)
              || ' of them held by processes that are gone'
            FROM generation_queue WHERE NOT EXISTS (SELECT FROM nodes WHERE expires_at > now()) HAVING count(*) > 0""";

    /** The sweep ends them, a batch at a time: not wrong, but a sign when there are many. */
    private static final String FIND_OVERDUE = """
            SELECT count(*) || ' generations wait past their deadline for the sweep to end them, the oldest since '
              || to_char(min(deadline) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            FROM generation_queue WHERE deadline < now() AND lease_owner IS NULL HAVING count(*) > 0""";

    private DatabaseDoctor() {}

    /**
     * How thoroughly to look.
     *
     * @param deep whether pictures are read and their sha256 compared; otherwise their size alone
     * @param statementTimeout after which PostgreSQL cancels a statement
     */
    public record Options(boolean deep, Duration statementTimeout) {}

    /**
     * Looks at everything once.
     *
     * @throws DatabaseException in one line when it could not look
     */
    public static DoctorReport examine(DatabaseUrl url, Settings settings, Options options) {
        try (ReadOnlySession readOnlySession = ReadOnlySession.open(url, options.statementTimeout())) {
            DoctorReport tables = readOnlySession.runInSnapshot(() -> checkTables(readOnlySession, url, settings));
            ImageFileChecker files = new ImageFileChecker(readOnlySession, settings.imageDir(), orphanAge(settings));
            CheckResult pictures = files.checkFiles(options.deep());
            return new DoctorReport(
                    tables.database(),
                    tables.takenAt(),
                    Stream.concat(tables.results().stream(), Stream.of(files.checkDirectory(), pictures))
                            .toList(),
                    Stream.concat(tables.notes().stream(), files.findOrphans().stream())
                            .toList());
        }
    }

    private static DoctorReport checkTables(ReadOnlySession readOnlySession, DatabaseUrl url, Settings settings)
            throws SQLException {
        Instant at = readOnlySession
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
        notes.addAll(readOnlySession.query(FIND_IDLE_QUEUE, List.of(), row -> row.getString(1)));
        notes.addAll(readOnlySession.query(FIND_OVERDUE, List.of(), row -> row.getString(1)));
        return new DoctorReport(url.describe(), at, results, notes);
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

    /** A picture is whole on disk before its row is written: a younger file may still get one. */
    private static Duration orphanAge(Settings settings) {
        return settings.backend().timeout().plus(settings.node().ttl()).plusMinutes(1);
    }
}
