package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.LoadGenerator;
import dev.darkroom.testing.TestPostgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Blocks all database connections with statements that wait for a lock. */
@Tag("chaos")
@Tag("database")
@Timeout(120)
class SlowDatabaseIT {
    /** Shorter than the lock, so that the node lease would expire without heartbeats. */
    private static final Duration TTL = Duration.ofSeconds(4);

    private static final Duration LOCK_TIME = TTL.plusSeconds(4);

    @TempDir
    Path directory;

    @Test
    void requestsTimeOutAndNodeLeaseSurvives() throws SQLException {
        // given
        DatabaseUrl database = TestPostgres.newDatabase();
        DarkroomInstanceSettings settings = DarkroomInstanceSettings.forTests()
                .database(database)
                .with("DARKROOM_DATABASE_POOL_SIZE", "2")
                .with("DARKROOM_NODE_HEARTBEAT_INTERVAL", "500ms")
                .with("DARKROOM_NODE_TTL", TTL.toMillis() + "ms");
        try (InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
                DarkroomInstance darkroomInstance =
                        InProcessDarkroom.start(directory, settings.aiServer(inProcessSimulator))) {
            ApiClient management = new ApiClient(darkroomInstance.management());
            String node = onlyNode(database);
            LoadGenerator loadGenerator = new LoadGenerator(darkroomInstance.client(), 20);
            Awaitility.await().until(() -> loadGenerator.acceptedIds().size() > 20);

            // when
            try (Connection otherClient = DriverManager.getConnection(
                            database.jdbcUrl(),
                            database.user(),
                            database.password().value());
                    Statement statement = otherClient.createStatement()) {
                otherClient.setAutoCommit(false);
                statement.execute("LOCK TABLE generations");
                Awaitility.await()
                        .pollDelay(LOCK_TIME)
                        .atMost(LOCK_TIME.plusSeconds(30))
                        .untilAsserted(() -> assertThat(onlyNode(database)).isEqualTo(node));
                assertThat(loadGenerator.rejectedCount()).isPositive();
                assertThat(management.get("/health/ready").status())
                        .as("readiness while the database is reachable")
                        .isEqualTo(200);
            }

            // then
            int before = loadGenerator.acceptedIds().size();
            Awaitility.await("accepted again")
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> loadGenerator.acceptedIds().size() > before + 20);
            loadGenerator.close();
            loadGenerator.assertResponsesExpected();
            loadGenerator.assertAllAcceptedComplete(database, Duration.ofSeconds(60));
            DatabaseInvariants.assertNoViolations(database, directory.resolve("data/images"));
            assertThat(onlyNode(database)).isEqualTo(node);
            assertThat(darkroomInstance.log())
                    .noneMatch(line -> line.contains("heartbeat failed") || line.contains("node identity expired"))
                    .noneMatch(line -> line.startsWith("ERROR") || line.contains(" ERROR "));
        }
    }

    /** Returns the id of the only node with a valid lease. */
    private static String onlyNode(DatabaseUrl database) {
        return String.join(" ", TestPostgres.query(database, "SELECT id FROM nodes WHERE expires_at > now()"));
    }
}
