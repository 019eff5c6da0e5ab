package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.LoadGenerator;
import dev.darkroom.testing.StoppablePostgres;
import dev.darkroom.testing.StoppablePostgres.Mode;
import dev.darkroom.testing.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Crashes PostgreSQL repeatedly under load. Every generation accepted with 202 ends COMPLETE. */
@Tag("chaos")
@Tag("database")
@Timeout(900)
class DatabaseCrashUnderLoadIT {
    private static final int POSTS_PER_SECOND = 200;
    private static final Duration BETWEEN_CRASHES = Duration.ofSeconds(15);
    private static final int CRASHES = 3;

    @TempDir
    Path directory;

    @Test
    void completesEveryAcceptedGeneration() {
        // given
        try (StoppablePostgres postgres = StoppablePostgres.start(directory.resolve("postgres"));
                InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
                DarkroomInstanceProcess darkroom = DarkroomInstanceProcess.start(
                        directory,
                        DarkroomInstanceSettings.forTests()
                                .database(postgres.url())
                                .aiServer(inProcessSimulator)
                                .with("DARKROOM_WORKER_CONCURRENCY", "16")
                                .environment())) {
            LoadGenerator loadGenerator = new LoadGenerator(darkroom.client(), POSTS_PER_SECOND);

            // when
            for (int i = 0; i < CRASHES; i++) {
                ChaosParameters.waitFor(BETWEEN_CRASHES);
                postgres.stop(Mode.IMMEDIATE);
                postgres.restart();
            }
            ChaosParameters.waitFor(BETWEEN_CRASHES);
            loadGenerator.close();

            // then
            loadGenerator.assertResponsesExpected();
            assertThat(loadGenerator.rejectedCount())
                    .as("requests rejected during the crashes")
                    .isPositive();
            loadGenerator.assertAllAcceptedComplete(postgres.url(), Duration.ofMinutes(10));
            DatabaseInvariants.assertNoViolations(postgres.url(), directory.resolve("data/images"));
            assertThat(darkroom.log()).noneMatch(line -> line.contains(" ERROR ") || line.contains("Exception"));
            System.out.printf(
                    "%d a second, %d crashes: %s; ended: %s; attempts: %s%n",
                    POSTS_PER_SECOND,
                    CRASHES,
                    loadGenerator,
                    TestPostgres.query(
                            postgres.url(),
                            "SELECT count(*) || ' x ' || status || ', the last after '"
                                    + " || round(extract(epoch FROM max(completed_at) - min(created_at)), 1) || ' s'"
                                    + " FROM generations GROUP BY status"),
                    TestPostgres.query(
                            postgres.url(),
                            "SELECT count(*) || ' x ' || outcome FROM generation_attempts GROUP BY outcome"));
        }
    }
}
