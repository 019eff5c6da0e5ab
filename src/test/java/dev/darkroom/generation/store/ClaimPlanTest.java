package dev.darkroom.generation.store;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlConnection;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Plans of claims and completions on a connection of the service. PostgreSQL keeps the plan of a prepared statement while the queue
 * grows, so a plan for an empty queue must not depend on its length.
 */
@Tag("database")
class ClaimPlanTest {
    private static final String CLAIM_ARGUMENTS = "NULL, '', 100, '', 1";
    private static final String COMPLETE_ARGUMENTS = "NULL" + ", NULL".repeat(11);

    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private static List<String> plan(String parameterTypes, String sql, String arguments) {
        return await(queue.database
                .pool()
                .withConnection(connection -> execute(connection, "PREPARE planned (" + parameterTypes + ") AS " + sql)
                        .compose(prepared -> connection
                                .query("EXPLAIN EXECUTE planned (" + arguments + ")")
                                .execute())
                        .map(rows -> rows.stream()
                                .map(row -> row.getString(0).strip())
                                .toList())
                        .eventually(() -> execute(connection, "DEALLOCATE planned"))));
    }

    private static Future<?> execute(SqlConnection connection, String sql) {
        return connection.query(sql).execute();
    }

    private static void assertFindsRowsByKey(List<String> plan, String index) {
        assertThat(IntStream.range(0, plan.size()).filter(i -> plan.get(i).contains("Scan using " + index)))
                .as(() -> String.join("\n", plan))
                .isNotEmpty()
                .allSatisfy(i -> assertThat(plan.get(i + 1)).startsWith("Index Cond: ("));
    }

    @ParameterizedTest
    @ValueSource(strings = {"TRUNCATE generations CASCADE", "VACUUM ANALYZE generation_queue, generations"})
    void claimReadsNoRowThatItDoesNotClaim(String state) {
        // given
        TestPostgres.execute(queue.url, state);

        // when
        List<String> plan = plan("uuid, text, int, text, bigint", GenerationLeaseSql.CLAIM, CLAIM_ARGUMENTS);

        // then the changed rows and their generations are found by id, the others in the order of turns and priorities
        assertFindsRowsByKey(plan, "generation_queue_pkey");
        assertFindsRowsByKey(plan, "generations_pkey");
        assertThat(plan)
                .filteredOn(
                        line -> line.contains("Scan using generation_queue") && !line.contains("generation_queue_pkey"))
                .satisfiesExactlyInAnyOrder(
                        line -> assertThat(line).contains("generation_queue_turns"),
                        line -> assertThat(line).contains("generation_queue_user_order"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"TRUNCATE generations CASCADE", "VACUUM ANALYZE generation_queue, generations"})
    void completionReadsNoRowThatItDoesNotComplete(String state) {
        // given
        TestPostgres.execute(queue.url, state);

        // when
        List<String> plan = plan(
                "uuid[], uuid[], bigint[], uuid[], uuid[], int[], text[], int[], int[], bigint[], text[], text[]",
                GenerationLeaseSql.COMPLETE,
                COMPLETE_ARGUMENTS);

        // then
        assertFindsRowsByKey(plan, "generation_queue_pkey");
        assertFindsRowsByKey(plan, "generations_pkey");
    }
}
