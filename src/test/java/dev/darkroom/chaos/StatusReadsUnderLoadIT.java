package dev.darkroom.chaos;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.StatusReadCheck;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Status reads of 2,000 generations of 50 users on two processes while both run them, with and without NOTIFY. */
@Tag("chaos")
@Timeout(1_200)
class StatusReadsUnderLoadIT {
    private static final int USERS = ChaosParameters.sizeProperty("readers", 50);
    private static final int GENERATIONS = ChaosParameters.sizeProperty("reads", 2_000);

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("after the 202 every node finds a generation, and no later read on any node returns an earlier state")
    void readsNeverGoBackwards(boolean notifyLost) throws Exception {
        // given
        Random random = ChaosParameters.seededRandom("status reads");
        DatabaseUrl database = TestPostgres.newDatabase();
        try (InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
                TcpProxy notifyProxy = new TcpProxy("127.0.0.1", database.port());
                DarkroomFleet fleet = new DarkroomFleet(
                        directory,
                        2,
                        DarkroomInstanceSettings.forTests()
                                .database(database)
                                .aiServer(inProcessSimulator)
                                .with("DARKROOM_AUTH", "required")
                                .with(
                                        "DARKROOM_DATABASE_DIRECT_URL",
                                        DarkroomInstanceSettings.urlOf(
                                                DarkroomFleet.throughProxy(notifyProxy, database))))) {
            inProcessSimulator.script(ChaosParameters.unreliableAiServerScript(random, 20));
            if (notifyLost) {
                notifyProxy.blackhole();
            }

            // then
            new StatusReadCheck(
                            database,
                            List.of(fleet.processAt(0).api(), fleet.processAt(1).api()),
                            USERS)
                    .run(GENERATIONS, random, Duration.ofMinutes(15));
            DatabaseInvariants.assertNoViolations(database, directory.resolve("data/images"));
        }
    }
}
