package dev.darkroom.maintenance;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/** Queries PostgreSQL for transactions and slots that prevent vacuum from removing dead rows. Usable from any event loop. */
record VacuumBlockerStore(Database database) {
    /**
     * Selects everything in this database that holds back the xmin horizon of vacuum, with its age. The age is null for sessions of other
     * database users, unless our role may read all statistics, and always null for replication slots; {@code mark} then identifies the
     * same blocker in later observations. Excludes vacuum itself, which does not block vacuum. Never reads the text of statements,
     * because it may contain personal data.
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
              SELECT 'PREPARED_TRANSACTION', NULL, gid, NULL, extract(epoch FROM clock_timestamp() - prepared), 'prepared ' || gid
              FROM pg_prepared_xacts WHERE database = current_database()
              UNION ALL
              SELECT 'REPLICATION_SLOT', active_pid, slot_name, NULL, NULL, 'slot ' || slot_name || ' ' || xmin::text
              FROM pg_replication_slots WHERE xmin IS NOT NULL)
            SELECT (SELECT n_dead_tup FROM pg_stat_user_tables WHERE relid = 'generation_queue'::regclass) AS dead_rows,
              p.kind, p.pid, p.name::text AS name, p.state, (p.age * 1000)::bigint AS age, p.mark
            FROM (SELECT) always LEFT JOIN pins p ON true
            ORDER BY p.age DESC NULLS LAST LIMIT 1000""";

    /**
     * Transaction, prepared transaction or replication slot that prevents vacuum from removing dead rows.
     *
     * @param kind {@code TRANSACTION}, {@code PREPARED} or {@code SLOT}
     * @param pid process id of the session; null if there is none
     * @param name application name, transaction id or slot name; may be empty or null
     * @param state state of the session; null if unknown
     * @param age null if unknown
     * @param identity identifies the same blocker in later observations
     */
    record VacuumBlocker(String kind, Integer pid, String name, String state, Duration age, String identity) {
        VacuumBlocker withAge(Duration observed) {
            return new VacuumBlocker(kind, pid, name, state, observed, identity);
        }

        /** Returns the fields for the contract and the log, without unknown ones. Requires an age. */
        JsonObject toJson() {
            JsonObject json = new JsonObject().put("kind", kind).put("pid", pid).put("name", name);
            json.put("state", state)
                    .put("ageMs", age.toMillis())
                    .getMap()
                    .values()
                    .removeIf(Objects::isNull);
            return json;
        }
    }

    /**
     * Result of a query.
     *
     * @param deadQueueRows estimated number of dead rows in {@code generation_queue}
     * @param blockers oldest first, unknown ages last
     */
    record Observation(long deadQueueRows, List<VacuumBlocker> blockers) {}

    /** Queries the current blockers. Fails with the driver's errors. */
    Future<Observation> findBlockers() {
        // Use the heartbeat connections, because slow claims may have exhausted the pool.
        return database.heartbeats()
                .query(FIND_BLOCKERS)
                .execute()
                .map(rows -> new Observation(
                        Objects.requireNonNullElse(rows.iterator().next().getLong("dead_rows"), 0L),
                        rows.stream()
                                .filter(row -> row.getString("kind") != null)
                                .map(VacuumBlockerStore::toBlocker)
                                .toList()));
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
