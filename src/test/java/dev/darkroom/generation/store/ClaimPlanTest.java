package dev.darkroom.generation.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Plans of claims. PostgreSQL keeps the plan of a prepared statement while a queue grows. */
@Tag("database")
class ClaimPlanTest {
    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    /** Returns the plan with the planner settings of {@link dev.darkroom.database.Database}. */
    private static List<String> plan(Statement statement) throws SQLException {
        statement.execute("SET enable_seqscan = off");
        statement.execute("SET enable_bitmapscan = off");
        statement.execute("SET plan_cache_mode = force_generic_plan");
        statement.execute("PREPARE claim (uuid, text, int, text, bigint) AS " + GenerationLeaseSql.CLAIM);
        List<String> lines = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery("EXPLAIN EXECUTE claim (NULL, '', 100, '', 1)")) {
            while (rows.next()) {
                lines.add(rows.getString(1).strip());
            }
        }
        statement.execute("DEALLOCATE claim");
        return lines;
    }

    @Test
    void findsRowsWithoutReadingTheQueueWhenPlannedForAnEmptyOne() throws SQLException {
        for (String state : List.of("TRUNCATE generations CASCADE", "VACUUM ANALYZE generation_queue")) {
            try (Connection connection = DriverManager.getConnection(
                            queue.url.jdbcUrl(),
                            queue.url.user(),
                            queue.url.password().value());
                    Statement statement = connection.createStatement()) {
                // given
                statement.execute(state);

                // when
                List<String> plan = plan(statement);

                // then the changed rows are found by position, and generations by id
                assertThat(plan)
                        .filteredOn(line -> line.contains("Tid Scan on generation_queue"))
                        .hasSize(2);
                int generations = indexOf(plan, "Index Scan using generations_pkey");
                assertThat(plan.get(generations + 1)).startsWith("Index Cond: (id = c.generation_id)");
                assertThat(plan)
                        .filteredOn(line -> line.contains("Scan using generation_queue"))
                        .satisfiesExactly(
                                line -> assertThat(line).contains("generation_queue_turns"),
                                line -> assertThat(line).contains("generation_queue_user_order"));
            }
        }
    }

    private static int indexOf(List<String> plan, String part) {
        for (int i = 0; i < plan.size(); i++) {
            if (plan.get(i).contains(part)) {
                return i;
            }
        }
        throw new AssertionError("no " + part + " in " + String.join("\n", plan));
    }
}
