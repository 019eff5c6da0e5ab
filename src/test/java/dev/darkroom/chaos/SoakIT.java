package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.LoadGenerator;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Runs light load with a fault every few seconds. Memory and descriptors of the process that is never killed do not grow. */
@Tag("chaos")
@Timeout(30_000)
@EnabledOnOs(value = OS.LINUX, disabledReason = "reads /proc")
class SoakIT {
    @TempDir
    Path directory;

    /** Resource usage at one moment. */
    private record Sample(long residentKb, long descriptors, long deadRows) {}

    @Test
    void resourceUsageDoesNotGrow() throws Exception {
        // given
        Duration time = duration(System.getProperty("darkroom.chaos.soak", "5m"));
        Random random = ChaosParameters.seededRandom("soak");
        DatabaseUrl database = TestPostgres.newDatabase();
        List<Sample> samples = new ArrayList<>();
        try (InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
                TcpProxy proxy = new TcpProxy(database.host(), database.port());
                DarkroomFleet darkroomFleet = new DarkroomFleet(
                        directory,
                        3,
                        place -> settings(inProcessSimulator)
                                .database(place == 0 ? DarkroomFleet.throughProxy(proxy, database) : database)
                                .environment())) {
            inProcessSimulator.script(ChaosParameters.unreliableAiServerScript(random, 5));
            DarkroomInstanceProcess observed = darkroomFleet.processAt(0);
            LoadGenerator loadGenerator = new LoadGenerator(darkroomFleet, 15);
            long end = System.nanoTime() + time.toNanos();

            // when
            int faults = 0;
            while (System.nanoTime() < end) {
                ChaosParameters.waitFor(Duration.ofMillis(1_000 + random.nextInt(4_000)));
                fault(random, darkroomFleet, proxy);
                faults++;
                samples.add(sample(observed, database));
            }
            loadGenerator.close();

            // then
            loadGenerator.assertResponsesExpected();
            loadGenerator.assertAllAcceptedEnded(database, Duration.ofMinutes(2), Set.of("COMPLETE", "FAILED"));
            AttemptHistoryCheck.assertNoViolations(
                    darkroomFleet.allProcesses(), database, directory.resolve("data/images"));
            System.out.printf("chaos: soak of %s: %d faults; %s%n", time, faults, loadGenerator);
            long memory = growthPercent("resident KiB", samples, Sample::residentKb);
            long files = growthPercent("descriptors", samples, Sample::descriptors);
            growthPercent("dead rows of the queue", samples, Sample::deadRows);
            assertThat(memory).as("growth of resident memory, per cent").isLessThan(15);
            assertThat(files).as("growth of open descriptors, per cent").isLessThan(15);
            assertThat(samples)
                    .as("dead rows: vacuumed at 500, once a minute")
                    .allMatch(sample -> sample.deadRows() < 20_000);
        }
    }

    private static void fault(Random random, DarkroomFleet darkroomFleet, TcpProxy proxy) {
        switch (random.nextInt(6)) {
            case 0 -> proxy.closeConnections();
            case 1 -> proxy.resetConnections();
            case 2 -> proxy.closeServerSide();
            case 3 -> {
                proxy.blackhole();
                ChaosParameters.waitFor(Duration.ofMillis(random.nextInt(1_000)));
                proxy.resumeForwarding();
            }
            case 4 -> {
                proxy.delay(Duration.ofMillis(random.nextInt(50)));
                ChaosParameters.waitFor(Duration.ofSeconds(1));
                proxy.delay(Duration.ZERO);
            }
            default -> {
                int place = 1 + random.nextInt(2);
                darkroomFleet.kill(place);
                darkroomFleet.launch(place);
                darkroomFleet.awaitReady(place);
            }
        }
    }

    private static Sample sample(DarkroomInstanceProcess process, DatabaseUrl database) {
        Path proc = Path.of("/proc", String.valueOf(process.pid()));
        try (Stream<String> status = Files.lines(proc.resolve("status"));
                Stream<Path> descriptors = Files.list(proc.resolve("fd"))) {
            long resident = status.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .sum();
            long dead = Long.parseLong(TestPostgres.query(
                            database, "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'generation_queue'")
                    .get(0));
            return new Sample(resident, descriptors.count(), dead);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the growth from the mean of the second third to that of the last third, in per cent. The first third is warm-up. */
    private static long growthPercent(String name, List<Sample> samples, ToLongFunction<Sample> value) {
        int third = samples.size() / 3;
        double middle = mean(samples.subList(third, 2 * third), value);
        double last = mean(samples.subList(2 * third, samples.size()), value);
        System.out.printf("  %s: %.0f, then %.0f on average%n", name, middle, last);
        return middle == 0 ? 0 : Math.round(100 * (last / middle - 1));
    }

    private static double mean(List<Sample> samples, ToLongFunction<Sample> value) {
        return samples.stream().mapToLong(value).average().orElseThrow();
    }

    private static Duration duration(String text) {
        return Duration.parse("PT" + text.toUpperCase(java.util.Locale.ROOT));
    }

    private static DarkroomInstanceSettings settings(InProcessSimulator inProcessSimulator) {
        return DarkroomInstanceSettings.forTests()
                .defaultDatabaseConnectTimeout()
                .aiServer(inProcessSimulator)
                .smallProcess()
                .with("DARKROOM_NODE_HEARTBEAT_INTERVAL", "500ms")
                .with("DARKROOM_NODE_TTL", "4s")
                .with("DARKROOM_NODE_REAP_INTERVAL", "500ms");
    }
}
