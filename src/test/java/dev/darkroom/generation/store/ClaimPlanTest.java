package dev.darkroom.generation.store;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.StatementPlan;
import dev.darkroom.testing.TestPostgres;
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
    private static final String CLAIM_ARGUMENTS =
            "NULL, 100, array_fill('default'::text, '{100}'), array_fill('default'::text, '{100}'),"
                    + " array_fill(NULL::text, '{100}'), array_fill('ONLY'::text, '{100}'), '{default}', '{100}', '{1000}', '{true}', '{false}'";
    private static final String COMPLETE_ARGUMENTS = "NULL" + ", NULL".repeat(14);

    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private static StatementPlan plan(String parameterTypes, String sql, String arguments) {
        return await(StatementPlan.of(queue.database.pool(), parameterTypes, sql, arguments));
    }

    @ParameterizedTest
    @ValueSource(strings = {"TRUNCATE generations CASCADE", "VACUUM ANALYZE generation_queue, generations"})
    void claimReadsNoRowThatItDoesNotClaim(String state) {
        // given
        TestPostgres.execute(queue.url, state);

        // when
        StatementPlan plan = plan(
                "uuid, int, text[], text[], text[], text[], text[], int[], bigint[], bool[], bool[]",
                GenerationLeaseSql.CLAIM,
                CLAIM_ARGUMENTS);

        // then the changed rows and their generations are found by id, the others in the order of turns and priorities
        plan.assertFindsRowsByKey("generation_queue_pkey");
        plan.assertFindsRowsByKey("generations_pkey");
        assertThat(plan.lines())
                .filteredOn(
                        line -> line.contains("Scan using generation_queue") && !line.contains("generation_queue_pkey"))
                .satisfiesExactlyInAnyOrder(
                        line -> assertThat(line).contains("generation_queue_turns"),
                        line -> assertThat(line).contains("generation_queue_user_order"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"TRUNCATE generations CASCADE", "VACUUM ANALYZE generation_queue, generations"})
    void claimOfLookUpsReadsUnresolvedRowsOnly(String state) {
        // given
        TestPostgres.execute(queue.url, state);

        // when
        StatementPlan plan = plan(
                "uuid, int, text[], bigint[]", GenerationLeaseSql.CLAIM_LOOK_UPS, "NULL, 100, '{default}', '{1000}'");

        // then
        plan.assertFindsRowsByKey("generation_queue_pkey");
        plan.assertFindsRowsByKey("generations_pkey");
        assertThat(plan.lines())
                .filteredOn(line -> line.contains("generation_queue")
                        && line.contains("Scan")
                        && !line.contains("generation_queue_pkey"))
                .allMatch(line -> line.contains("generation_queue_unresolved") || line.contains("Bitmap Heap"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"TRUNCATE generations CASCADE", "VACUUM ANALYZE generation_queue, generations"})
    void completionReadsNoRowThatItDoesNotComplete(String state) {
        // given
        TestPostgres.execute(queue.url, state);

        // when
        StatementPlan plan = plan(
                "uuid[], uuid[], bigint[], uuid[], uuid[], int[], text[], int[], int[], bigint[], text[], text[],"
                        + " bool[], bigint[], text[]",
                GenerationOutcomeSql.COMPLETE,
                COMPLETE_ARGUMENTS);

        // then
        plan.assertFindsRowsByKey("generation_queue_pkey");
        plan.assertFindsRowsByKey("generations_pkey");
    }
}
