package dev.darkroom.doctor;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.database.DatabaseException;
import dev.darkroom.doctor.Report.Finding;
import dev.darkroom.doctor.Report.Result;
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
public final class Doctor {
    /** How many exceptions of one check are told; more are counted. */
    static final int SHOWN = 20;

    private static final String NOW = "SELECT now()";

    private static final String FIRST = "SELECT *, count(*) OVER () FROM (";
    private static final String LAST = ") exceptions ORDER BY 1, 2 LIMIT " + SHOWN;

    /** What waits for a process to come. */
    private static final String IDLE = """
            SELECT 'no process is at work; ' || count(*) || ' generations wait for one, ' || count(lease_owner)
              || ' of them held by processes that are gone'
            FROM generation_queue WHERE NOT EXISTS (SELECT FROM nodes WHERE expires_at > now()) HAVING count(*) > 0""";

    /** The sweep ends them, a batch at a time: not wrong, but a sign when there are many. */
    private static final String OVERDUE = """
            SELECT count(*) || ' generations wait past their deadline for the sweep to end them, the oldest since '
              || to_char(min(deadline) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            FROM generation_queue WHERE deadline < now() AND lease_owner IS NULL HAVING count(*) > 0""";

    private Doctor() {}

    /**
     * How thoroughly to look.
     *
     * @param deep whether pictures are read and their sha256 compared; otherwise their size alone
     * @param statementTimeout after which PostgreSQL cancels a statement
     */
    public record Thoroughness(boolean deep, Duration statementTimeout) {}

    /**
     * Looks at everything once.
     *
     * @throws DatabaseException in one line when it could not look
     */
    public static Report examine(DatabaseUrl url, Settings settings, Thoroughness thoroughness) {
        try (Session session = Session.open(url, thoroughness.statementTimeout())) {
            Report tables = session.inSnapshot(() -> tables(session, url, settings));
            PictureFiles files = new PictureFiles(session, settings.imageDir(), orphanAge(settings));
            Result pictures = files.check(thoroughness.deep());
            return new Report(
                    tables.database(),
                    tables.at(),
                    Stream.concat(tables.results().stream(), Stream.of(files.directory(), pictures))
                            .toList(),
                    Stream.concat(tables.notes().stream(), files.orphans().stream())
                            .toList());
        }
    }

    private static Report tables(Session session, DatabaseUrl url, Settings settings) throws SQLException {
        Instant at = session.query(
                        NOW,
                        List.of(),
                        row -> row.getObject(1, OffsetDateTime.class).toInstant())
                .get(0);
        List<Result> results = new ArrayList<>();
        for (Check check : Checks.all(settings)) {
            results.add(run(session, check));
        }
        List<String> notes = new ArrayList<>();
        notes.addAll(session.query(IDLE, List.of(), row -> row.getString(1)));
        notes.addAll(session.query(OVERDUE, List.of(), row -> row.getString(1)));
        return new Report(url.described(), at, results, notes);
    }

    private static Result run(Session session, Check check) throws SQLException {
        long[] total = {0};
        List<Finding> findings = session.query(FIRST + check.sql() + LAST, check.parameters(), row -> {
            total[0] = row.getLong(3);
            return new Finding(check.subject(), row.getString(1), row.getString(2));
        });
        return new Result(check.id(), check.rule(), total[0], findings, check.advice());
    }

    /** A picture is whole on disk before its row is written: a younger file may still get one. */
    private static Duration orphanAge(Settings settings) {
        return settings.backend().timeout().plus(settings.node().ttl()).plusMinutes(1);
    }
}
