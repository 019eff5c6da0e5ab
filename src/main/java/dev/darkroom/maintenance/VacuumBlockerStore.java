package dev.darkroom.maintenance;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Asks PostgreSQL what keeps dead rows alive. Usable from any event loop. */
final class VacuumBlockerStore {
    /**
     * Everything that vacuum has to respect in this database, by anybody, with its age where PostgreSQL tells it: not to us of
     * sessions of other users, unless we may read all statistics, and never of slots and standbys. Then {@code mark} says
     * whether it is still the same. Vacuum does not wait for vacuum. Never the text of a statement: it may hold anything.
     */
    private static final String FIND_BLOCKERS = """
            WITH pins AS (
              SELECT 'TRANSACTION' AS kind, pid, application_name AS name, state,
                extract(epoch FROM clock_timestamp() - xact_start) AS age,
                pid || ' ' || coalesce(backend_xmin::text, backend_xid::text) AS mark
              FROM pg_stat_activity
              WHERE (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL) AND pid <> pg_backend_pid()
                AND (datname IS NULL OR datname = current_database())
                AND pid NOT IN (SELECT pid FROM pg_stat_progress_vacuum)
              UNION ALL
              SELECT 'PREPARED', NULL, gid, NULL, extract(epoch FROM clock_timestamp() - prepared), 'prepared ' || gid
              FROM pg_prepared_xacts WHERE database = current_database()
              UNION ALL
              SELECT 'SLOT', active_pid, slot_name, NULL, NULL, 'slot ' || slot_name || ' ' || xmin::text
              FROM pg_replication_slots WHERE xmin IS NOT NULL)
            SELECT (SELECT n_dead_tup FROM pg_stat_user_tables WHERE relid = 'generation_queue'::regclass) AS dead_rows,
              p.kind, p.pid, p.name::text AS name, p.state, (p.age * 1000)::bigint AS age, p.mark
            FROM (SELECT) always LEFT JOIN pins p ON true
            ORDER BY p.age DESC NULLS LAST LIMIT 1000""";

    private final Database database;

    VacuumBlockerStore(Database database) {
        this.database = database;
    }

    /**
     * Something that keeps dead rows alive.
     *
     * @param pid null when no session belongs to it
     * @param name may be empty or null
     * @param state null when it is not known
     * @param age null when it is not known
     * @param identity the same for as long as it is the same
     */
    record VacuumBlocker(String kind, Integer pid, String name, String state, Duration age, String identity) {}

    /** What was seen, oldest first. */
    record Observation(long deadQueueRows, List<VacuumBlocker> blockers) {}

    Future<Observation> findBlockers() {
        // Not the pool: what makes claims slow may also have used that up.
        return database.heartbeats().query(FIND_BLOCKERS).execute().map(rows -> {
            List<VacuumBlocker> pins = new ArrayList<>();
            long deadRows = 0;
            for (Row row : rows) {
                Long dead = row.getLong("dead_rows");
                deadRows = dead == null ? 0 : dead;
                if (row.getString("kind") != null) {
                    pins.add(toBlocker(row));
                }
            }
            return new Observation(deadRows, pins);
        });
    }

    private static VacuumBlocker toBlocker(Row row) {
        Long age = row.getLong("age");
        return new VacuumBlocker(
                row.getString("kind"),
                row.getInteger("pid"),
                row.getString("name"),
                row.getString("state"),
                age == null ? null : Duration.ofMillis(age),
                row.getString("mark"));
    }
}
