package dev.darkroom.chaos;

import dev.darkroom.chaos.ProcessKillScenario.Run;
import dev.darkroom.testing.DarkroomInstanceSettings;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Repeatedly kills a random one of three processes with {@code kill -9} under load. No accepted generation is lost, stuck or
 * finished twice.
 */
@Tag("chaos")
@Timeout(7_200)
class ProcessKillIT {
    @TempDir
    Path directory;

    /**
     * Short leases, so that thirty kills and the recoveries fit into a minute. With prices and budgets, which are never exhausted: their
     * sums must be those of the attempts, see {@code DatabaseInvariants}.
     */
    @Test
    void losesNothingAfterKills() throws Exception {
        DarkroomInstanceSettings metered = shortLeases()
                .with("DARKROOM_BACKEND_PRICES", "*=0.01")
                .with("DARKROOM_BACKEND_MONTH_BUDGET", "100000")
                .with("DARKROOM_ACCOUNTING_USER_DAY_BUDGET", "100000");
        killRepeatedly(new Run("kills", 30, 0, Duration.ZERO, Duration.ofMillis(800), metered, Duration.ofSeconds(6)));
    }

    /** Default timings, with at most 21 s from a kill until the lease is reclaimed. */
    @Test
    void losesNothingWithDefaultTimings() throws Exception {
        DarkroomInstanceSettings defaultTimings = settings()
                .with("DARKROOM_NODE_HEARTBEAT_INTERVAL", "5s")
                .with("DARKROOM_NODE_TTL", "15s")
                .with("DARKROOM_NODE_REAP_INTERVAL", "5s")
                .with("DARKROOM_WORKER_POLL_INTERVAL", "1s");
        killRepeatedly(new Run(
                "kills, default timings",
                30,
                0,
                Duration.ofMinutes(3),
                Duration.ofSeconds(4),
                defaultTimings,
                Duration.ofSeconds(21)));
    }

    @Test
    void losesNothingAfterFiveHundredKills() throws Exception {
        killRepeatedly(new Run(
                "kills, many",
                ChaosParameters.sizeProperty("kills", 500),
                ChaosParameters.sizeProperty("generations", 10_000),
                Duration.ZERO,
                Duration.ofMillis(1_200),
                shortLeases(),
                Duration.ofSeconds(8)));
    }

    private void killRepeatedly(Run run) throws Exception {
        Path images = directory.resolve("data/images");
        new ProcessKillScenario(directory, DarkroomInstanceSettings.imageDirectory(images)).killRepeatedly(run);
    }

    private static DarkroomInstanceSettings settings() {
        return DarkroomInstanceSettings.forTests().smallProcess();
    }

    private static DarkroomInstanceSettings shortLeases() {
        return settings().shortLeases();
    }
}
