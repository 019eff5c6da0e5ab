package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.InProcessDarkroom;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.AiServer;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.Darkroom;
import dev.darkroom.testing.DarkroomSettings;
import dev.darkroom.testing.Invariants;
import dev.darkroom.testing.Load;
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

/** Statements that take for ever use every connection up. */
@Tag("chaos")
@Tag("database")
@Timeout(120)
class SlowDatabaseIT {
    /** The process would be taken for dead well before the slowness is over. */
    private static final Duration TTL = Duration.ofSeconds(4);

    private static final Duration SLOW = TTL.plusSeconds(4);

    @TempDir
    Path directory;

    @Test
    void callersAreToldInTimeAndTheProcessIsNotTakenForDead() throws SQLException {
        // given
        DatabaseUrl database = TestPostgres.newDatabase();
        DarkroomSettings settings = DarkroomSettings.quick()
                .database(database)
                .with("DARKROOM_DATABASE_POOL_SIZE", "2")
                .with("DARKROOM_NODE_HEARTBEAT", "500ms")
                .with("DARKROOM_NODE_TTL", TTL.toMillis() + "ms");
        try (AiServer aiServer = new AiServer(Duration.ofMillis(10));
                Darkroom darkroom = InProcessDarkroom.start(directory, settings.aiServer(aiServer))) {
            ApiClient management = new ApiClient(darkroom.management());
            String node = onlyNode(database);
            Load load = new Load(darkroom.client(), 20);
            Awaitility.await().until(() -> load.accepted().size() > 20);

            // when
            try (Connection somebody = DriverManager.getConnection(
                            database.jdbcUrl(),
                            database.user(),
                            database.password().value());
                    Statement statement = somebody.createStatement()) {
                somebody.setAutoCommit(false);
                statement.execute("LOCK TABLE generations");
                Awaitility.await()
                        .pollDelay(SLOW)
                        .atMost(SLOW.plusSeconds(30))
                        .untilAsserted(() -> assertThat(onlyNode(database)).isEqualTo(node));
                assertThat(load.refused()).isPositive();
                assertThat(management.get("/health/ready").status())
                        .as("the database answers, and so do we")
                        .isEqualTo(200);
            }

            // then
            int before = load.accepted().size();
            Awaitility.await("accepted again")
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> load.accepted().size() > before + 20);
            load.close();
            load.assertAllWereAnswered();
            load.assertAllAcceptedComplete(database, Duration.ofSeconds(60));
            Invariants.check(database, directory.resolve("data/images"));
            assertThat(onlyNode(database)).isEqualTo(node);
            assertThat(darkroom.log())
                    .noneMatch(line -> line.contains("heartbeat failed") || line.contains("no heartbeat for too long"))
                    .noneMatch(line -> line.startsWith("ERROR") || line.contains(" ERROR "));
        }
    }

    /** The id of the one process there is, by the database's account. */
    private static String onlyNode(DatabaseUrl database) {
        return String.join(" ", TestPostgres.query(database, "SELECT id FROM nodes WHERE expires_at > now()"));
    }
}
