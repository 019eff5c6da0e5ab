package dev.darkroom.chaos;

import static dev.darkroom.testing.CrashScenario.CONCURRENCY;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.database.embedded.EmbeddedDatabase;
import dev.darkroom.testing.CrashScenario;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a process with {@code kill -9} while ten generations are pending. Another process, or a restart on the embedded
 * database, completes them.
 */
@Tag("chaos")
@Tag("database")
@Timeout(120)
class CrashRecoveryIT {
    @TempDir
    Path directory;

    @AutoClose
    private CrashScenario scenario;

    @BeforeEach
    void start() {
        scenario = new CrashScenario(directory);
    }

    @Test
    void otherProcessCompletesAll() {
        // given
        DatabaseUrl database = TestPostgres.newDatabase();
        DarkroomInstanceSettings settings = scenario.settings().database(database);
        try (DarkroomInstanceProcess killed = scenario.start(settings);
                DarkroomInstanceProcess survivor = scenario.start(settings)) {
            List<String> ids = scenario.createWithRunningAttempts(killed.client(), "4s", 2 * CONCURRENCY);

            // when
            killed.kill();

            // then
            scenario.assertRecovered(survivor.client(), ids, database);
        }
    }

    @Test
    void restartOnEmbeddedDatabaseCompletesAll() {
        // given
        List<String> ids;
        try (DarkroomInstanceProcess killed = scenario.start(scenario.settings())) {
            ids = scenario.createWithRunningAttempts(killed.client(), "1m", CONCURRENCY);

            // when
            killed.kill();
        }

        // then
        try (DarkroomInstanceProcess restarted = scenario.start(scenario.settings())) {
            DatabaseUrl database =
                    EmbeddedDatabase.findRunning(directory.resolve("data")).orElseThrow();
            scenario.assertRecovered(restarted.client(), ids, database);
        }
    }
}
