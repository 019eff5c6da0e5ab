package dev.darkroom.fleet;

import dev.darkroom.database.Database;
import dev.darkroom.fleet.FleetResult.BackendKeyState;
import dev.darkroom.fleet.FleetResult.ExecutorState;
import dev.darkroom.fleet.FleetResult.NodeStatus;
import dev.darkroom.fleet.FleetResult.UserQueue;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Drained backends, live nodes and the length of the queue. Futures fail with the driver's errors. Usable from any event loop.
 *
 * <p>The queries are read-only, each with one snapshot.
 */
record FleetStore(Database database) {
    /** Maximum number of waiting generations that {@link #readQueue} counts; the maximum of {@code generation.maxQueueSize}. */
    private static final long MAX_COUNTED = 100_000;

    /** Stores a drain. Of concurrent drains the first stays, and the others wait for it and change nothing. */
    private static final String DRAIN =
            "INSERT INTO drained_backends (name, drained_by) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";

    /** Ends a drain. Idempotent. A concurrent drain that commits later is a new one. */
    private static final String ENABLE = "DELETE FROM drained_backends WHERE name = $1";

    /** Selects all drained backends: at most a row for each backend that was ever configured. */
    private static final String FIND_DRAINED = "SELECT name, drained_by, drained_at FROM drained_backends";

    /** Selects the live nodes, oldest first. The table has a row per process start of the last hour. */
    private static final String FIND_LIVE_NODES = """
            SELECT id, host, version, started_at, draining, concurrency, average_attempt_ms, backends,
              coalesce(roles, ARRAY['api', 'notifier', 'worker']) AS roles
            FROM nodes
            WHERE expires_at > now() ORDER BY started_at, id""";

    /**
     * Counts the generations of each route. Reads at most $1 waiting rows, in an index that has all columns, so the cost is bounded; the
     * running rows are as many as there are concurrent attempts.
     */
    static final String READ_QUEUE = """
            WITH waiting AS (
              SELECT route, user_id, run_at FROM generation_queue WHERE lease_owner IS NULL LIMIT $1),
            users AS (
              SELECT route, user_id, count(*) AS waiting, min(run_at) AS due_since,
                row_number() OVER (PARTITION BY route ORDER BY count(*) DESC, user_id COLLATE "C") AS rank
              FROM waiting GROUP BY route, user_id),
            routes AS (
              SELECT route, sum(waiting)::bigint AS waiting,
                floor(extract(epoch FROM now() - min(due_since) FILTER (WHERE due_since <= now())))::bigint AS oldest_wait,
                array_agg(user_id ORDER BY rank) FILTER (WHERE rank <= 10) AS users,
                array_agg(waiting ORDER BY rank) FILTER (WHERE rank <= 10) AS user_waiting
              FROM users GROUP BY route),
            running AS (
              SELECT route, count(*) AS running FROM generation_queue WHERE lease_owner IS NOT NULL GROUP BY route)
            SELECT route, coalesce(waiting, 0) AS waiting, coalesce(running, 0) AS running, oldest_wait, users, user_waiting
            FROM routes FULL JOIN running USING (route) ORDER BY route COLLATE "C"
            """;

    /**
     * Counts the unfinished generations and deliveries by state. Reads at most $1 waiting rows of each queue in an index; the running rows
     * are as many as there are concurrent attempts.
     */
    static final String MEASURE_QUEUES = """
            SELECT g.*, d.*,
              (SELECT count(*) FROM generation_queue WHERE lease_owner IS NOT NULL) AS running,
              (SELECT count(*) FROM webhook_queue WHERE lease_owner IS NOT NULL) AS running_deliveries
            FROM (
              SELECT count(*) FILTER (WHERE run_at <= now()) AS due, count(*) FILTER (WHERE run_at > now()) AS delayed,
                (extract(epoch FROM now() - min(run_at) FILTER (WHERE run_at <= now())) * 1000)::bigint AS oldest
              FROM (SELECT run_at FROM generation_queue WHERE lease_owner IS NULL LIMIT $1) w) g
            CROSS JOIN (
              SELECT count(*) FILTER (WHERE run_at <= now()) AS due_deliveries,
                count(*) FILTER (WHERE run_at > now()) AS delayed_deliveries,
                (extract(epoch FROM now() - min(run_at) FILTER (WHERE run_at <= now())) * 1000)::bigint AS oldest_delivery
              FROM (SELECT run_at FROM webhook_queue WHERE lease_owner IS NULL LIMIT $1) w) d""";

    /**
     * Drain of a backend.
     *
     * @param admin null after the erasure of the admin
     */
    record Drain(String admin, OffsetDateTime since) {}

    /**
     * Unfinished generations of a route.
     *
     * @param oldestWaitSeconds null when none is due
     * @param users at most ten, those with most waiting generations first
     */
    record RouteQueue(String route, long waiting, long running, Long oldestWaitSeconds, List<UserQueue> users) {}

    /** Stores the drain of a backend. */
    Future<Void> drain(String backend, String admin) {
        return database.pool()
                .preparedQuery(DRAIN)
                .execute(Tuple.of(backend, admin))
                .mapEmpty();
    }

    /** Ends the drain of a backend. */
    Future<Void> enable(String backend) {
        return database.pool().preparedQuery(ENABLE).execute(Tuple.of(backend)).mapEmpty();
    }

    /**
     * Finds the drains, by the name of the backend. Uses the heartbeat connections, because a drain is needed most under load.
     */
    Future<Map<String, Drain>> findDrained() {
        return database.heartbeats().preparedQuery(FIND_DRAINED).execute().map(rows -> {
            Map<String, Drain> drains = new HashMap<>();
            for (Row row : rows) {
                drains.put(
                        row.getString("name"),
                        new Drain(row.getString("drained_by"), row.getOffsetDateTime("drained_at")));
            }
            return drains;
        });
    }

    /** Finds the live nodes, oldest first. */
    Future<List<NodeStatus>> findLiveNodes() {
        return database.pool()
                .preparedQuery(FIND_LIVE_NODES)
                .execute()
                .map(rows -> rows.stream().map(FleetStore::toNode).toList());
    }

    /** Counts the generations of each route that has any, by the name of the route. */
    Future<List<RouteQueue>> readQueue() {
        return database.pool()
                .preparedQuery(READ_QUEUE)
                .execute(Tuple.of(MAX_COUNTED))
                .map(rows -> rows.stream().map(FleetStore::toQueue).toList());
    }

    /** Measures both queues. Uses the heartbeat connections, because the measurement is needed most under load. */
    Future<QueueMeasurement> measureQueues() {
        return database.heartbeats()
                .preparedQuery(MEASURE_QUEUES)
                .execute(Tuple.of(MAX_COUNTED))
                .map(rows -> {
                    Row row = rows.iterator().next();
                    return new QueueMeasurement(
                            new QueueMeasurement.Queue(
                                    row.getLong("due"),
                                    row.getLong("delayed"),
                                    row.getLong("running"),
                                    toDuration(row.getLong("oldest"))),
                            new QueueMeasurement.Queue(
                                    row.getLong("due_deliveries"),
                                    row.getLong("delayed_deliveries"),
                                    row.getLong("running_deliveries"),
                                    toDuration(row.getLong("oldest_delivery"))));
                });
    }

    private static Duration toDuration(Long millis) {
        return millis == null ? Duration.ZERO : Duration.ofMillis(millis);
    }

    private static NodeStatus toNode(Row row) {
        return new NodeStatus(
                row.getUUID("id"),
                row.getString("host"),
                row.getString("version"),
                row.getOffsetDateTime("started_at"),
                row.getBoolean("draining"),
                List.of(row.getArrayOfStrings("roles")),
                row.getInteger("concurrency"),
                row.getLong("average_attempt_ms"),
                row.getJsonArray("backends").stream()
                        .map(state -> toState((JsonObject) state))
                        .toList());
    }

    /** Parses the state of a backend, see {@code BackendJson.toJson}. */
    static ExecutorState toState(JsonObject state) {
        return new ExecutorState(
                state.getString("name"),
                state.getString("breaker"),
                toTime(state.getString("openUntil")),
                state.getBoolean("drained"),
                state.getLong("retryAfterMs"),
                state.getInteger("concurrency"),
                state.getInteger("availablePermits"),
                state.getJsonArray("apiKeys", new JsonArray()).stream()
                        .map(key -> toKeyState((JsonObject) key))
                        .toList());
    }

    private static BackendKeyState toKeyState(JsonObject key) {
        return new BackendKeyState(
                key.getString("name"), key.getString("state"), toTime(key.getString("cooldownUntil")));
    }

    private static OffsetDateTime toTime(String timestamp) {
        return timestamp == null ? null : OffsetDateTime.parse(timestamp);
    }

    private static RouteQueue toQueue(Row row) {
        String[] users = row.getArrayOfStrings("users");
        Long[] waiting = row.getArrayOfLongs("user_waiting");
        return new RouteQueue(
                row.getString("route"),
                row.getLong("waiting"),
                row.getLong("running"),
                row.getLong("oldest_wait"),
                IntStream.range(0, users == null ? 0 : users.length)
                        .mapToObj(i -> new UserQueue(users[i], waiting[i]))
                        .toList());
    }
}
