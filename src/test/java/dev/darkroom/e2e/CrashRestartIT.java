package dev.darkroom.e2e;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.CrashScenario;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills the process with {@code kill -9} while it runs attempts. After the restart every generation completes exactly
 * once.
 */
@Tag("database")
@Timeout(300)
class CrashRestartIT {

    @Test
    void completesAllGenerationsAfterRestart(@TempDir Path directory) {
        try (CrashScenario scenario = new CrashScenario(directory)) {
            // given
            DatabaseUrl database = TestPostgres.migratedDatabase();
            DarkroomInstanceSettings settings = scenario.settings().database(database);
            List<String> ids;
            try (DarkroomInstanceProcess killed = scenario.start(settings)) {
                ids = scenario.createWithRunningAttempts(killed.client(), "10m", CrashScenario.CONCURRENCY);

                // when
                killed.kill();
            }
            // Expires the lease of the killed process at once instead of after 15 s.
            TestPostgres.execute(database, "UPDATE nodes SET expires_at = now() - interval '1 second'");

            // then
            try (DarkroomInstanceProcess restarted = scenario.start(settings)) {
                scenario.assertRecovered(restarted.client(), ids, database);
            }
        }
    }
}
