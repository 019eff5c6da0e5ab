package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.SqlConnection;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Plan of a prepared statement on a connection of the service.
 *
 * @param lines lines of {@code EXPLAIN}, without indentation
 */
public record StatementPlan(List<String> lines) {

    /**
     * Plans a statement for the current statistics.
     *
     * @param parameterTypes separated by commas
     * @param arguments separated by commas
     */
    public static Future<StatementPlan> of(Pool pool, String parameterTypes, String sql, String arguments) {
        return pool.withConnection(connection -> execute(
                        connection, "PREPARE planned (" + parameterTypes + ") AS " + sql)
                .compose(prepared -> connection
                        .query("EXPLAIN EXECUTE planned (" + arguments + ")")
                        .execute())
                .map(rows -> new StatementPlan(
                        rows.stream().map(row -> row.getString(0).strip()).toList()))
                .eventually(() -> execute(connection, "DEALLOCATE planned")));
    }

    private static Future<?> execute(SqlConnection connection, String sql) {
        return connection.query(sql).execute();
    }

    /** Asserts that each scan of an index has a condition, so that it does not read the whole index. */
    public void assertFindsRowsByKey(String index) {
        assertThat(IntStream.range(0, lines.size()).filter(i -> lines.get(i).contains("Scan using " + index)))
                .as(() -> String.join("\n", lines))
                .isNotEmpty()
                .allSatisfy(i -> assertThat(lines.get(i + 1)).startsWith("Index Cond: ("));
    }
}
