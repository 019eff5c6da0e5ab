package dev.darkroom.generation.store;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.ROUTE;
import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;

import dev.darkroom.database.Database;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.StreamSupport;

/**
 * A process of the version that knew only the first schema, by the statements that it sent: copies, which do not change with
 * the service. Blocking.
 */
final class VersionOneStatements {
    private static final Object[] NO_ERROR = {"RETRYABLE", true, "SERVER_ERROR", "SERVER_ERROR", "It failed.", 500};

    private final Database database;
    final UUID node = UUID.randomUUID();

    VersionOneStatements(Database database) {
        this.database = database;
    }

    private RowSet<Row> run(String statement, Object... values) {
        String file = "/statements/V1/" + statement + ".sql";
        try (InputStream in = VersionOneStatements.class.getResourceAsStream(file)) {
            String sql = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return await(database.pool().preparedQuery(sql).execute(Tuple.from(values)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<UUID> ids(RowSet<Row> rows, String column) {
        return StreamSupport.stream(rows.spliterator(), false)
                .map(row -> row.getUUID(column))
                .toList();
    }

    void join() {
        run("join", node, "old", "0.0.9", 3_600_000L);
    }

    boolean heartbeat() {
        return run("heartbeat", node, 3_600_000L).size() == 1;
    }

    void leave() {
        run("drain", node);
        run("leave", node);
        run("bury");
    }

    UUID submit() {
        UUID id = UUID.randomUUID();
        run("submit", id, "local", "a pier", null, 64, 64, 1, 7L, null, null, ROUTE, 900_000L);
        return id;
    }

    List<UUID> claim(int limit) {
        return ids(run("claim", node, ROUTE, limit, "default", 120_000L), "generation_id");
    }

    boolean complete(UUID id, long token) {
        UUID picture = UUID.randomUUID();
        return run(
                                "complete",
                                id,
                                node,
                                token,
                                new UUID[] {picture},
                                new String[] {"image/png"},
                                new Integer[] {64},
                                new Integer[] {64},
                                new Long[] {1000L},
                                new String[] {"ab".repeat(32)},
                                new String[] {"00/" + picture + ".png"})
                        .size()
                == 1;
    }

    boolean retry(UUID id, long token) {
        return run("retry", concat(new Object[] {id, node, token, 0L, 1, 0}, NO_ERROR))
                        .size()
                == 1;
    }

    boolean fail(UUID id, long token) {
        Object[] reason = {id, node, token, "ATTEMPTS_EXHAUSTED", "SERVER_ERROR", "Given up.", true};
        return run("fail", concat(reason, NO_ERROR)).size() == 1;
    }

    boolean release(UUID id, long token) {
        return run("release", id, node, token).size() == 1;
    }

    boolean isFound(UUID id) {
        return run("find", id, "local").size() == 1;
    }

    List<UUID> findAbandoned() {
        return ids(run("abandoned", 5_000L, 10), "generation_id");
    }

    List<UUID> findHeld() {
        return ids(run("held", node, 0L), "generation_id");
    }

    List<UUID> findOverdue() {
        return ids(run("overdue", 10), "generation_id");
    }

    boolean expire(UUID id) {
        return run("expire", id, "DEADLINE_EXCEEDED", "The time ran out.", true).size() == 1;
    }

    private static Object[] concat(Object[] one, Object[] other) {
        Object[] all = Arrays.copyOf(one, one.length + other.length);
        System.arraycopy(other, 0, all, one.length, other.length);
        return all;
    }
}
