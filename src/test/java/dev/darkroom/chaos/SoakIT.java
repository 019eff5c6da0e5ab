package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.AiServer;
import dev.darkroom.testing.DarkroomProcess;
import dev.darkroom.testing.DarkroomSettings;
import dev.darkroom.testing.Fleet;
import dev.darkroom.testing.Load;
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

/** Light load and a fault every few seconds, for long: what the process that is never killed takes does not grow. */
@Tag("chaos")
@Timeout(30_000)
@EnabledOnOs(value = OS.LINUX, disabledReason = "reads /proc")
class SoakIT {
    @TempDir
    Path directory;

    /** What was taken at one moment. */
    private record Sample(long residentKb, long descriptors, long deadRows) {}

    @Test
    void nothingGrows() throws Exception {
        // given
        Duration time = duration(System.getProperty("darkroom.chaos.soak", "5m"));
        Random dice = Chaos.dice("soak");
        DatabaseUrl database = TestPostgres.newDatabase();
        List<Sample> samples = new ArrayList<>();
        try (AiServer aiServer = new AiServer(Duration.ofMillis(10));
                TcpProxy proxy = new TcpProxy(database.host(), database.port());
                Fleet fleet = new Fleet(
                        directory,
                        3,
                        place -> settings(aiServer)
                                .database(place == 0 ? Fleet.through(proxy, database) : database)
                                .environment())) {
            aiServer.script(Chaos.unsteadyAiServer(dice, 5));
            DarkroomProcess spared = fleet.node(0);
            Load load = new Load(fleet, 15);
            long end = System.nanoTime() + time.toNanos();

            // when
            int faults = 0;
            while (System.nanoTime() < end) {
                Chaos.pass(Duration.ofMillis(1_000 + dice.nextInt(4_000)));
                fault(dice, fleet, proxy);
                faults++;
                samples.add(sample(spared, database));
            }
            load.close();

            // then
            load.assertAllWereAnswered();
            load.assertAllAcceptedEnded(database, Duration.ofMinutes(2), Set.of("COMPLETE", "FAILED"));
            History.check(fleet.everyone(), database, directory.resolve("data/images"));
            System.out.printf("chaos: soak of %s: %d faults; %s%n", time, faults, load);
            long memory = grows("resident KiB", samples, Sample::residentKb);
            long files = grows("descriptors", samples, Sample::descriptors);
            grows("dead rows of the queue", samples, Sample::deadRows);
            assertThat(memory).as("growth of resident memory, per cent").isLessThan(15);
            assertThat(files).as("growth of open descriptors, per cent").isLessThan(15);
            assertThat(samples)
                    .as("dead rows: vacuumed at 500, once a minute")
                    .allMatch(sample -> sample.deadRows() < 20_000);
        }
    }

    private static void fault(Random dice, Fleet fleet, TcpProxy proxy) {
        switch (dice.nextInt(6)) {
            case 0 -> proxy.cut();
            case 1 -> proxy.reset();
            case 2 -> proxy.halfClose();
            case 3 -> {
                proxy.fallSilent();
                Chaos.pass(Duration.ofMillis(dice.nextInt(1_000)));
                proxy.speak();
            }
            case 4 -> {
                proxy.delay(Duration.ofMillis(dice.nextInt(50)));
                Chaos.pass(Duration.ofSeconds(1));
                proxy.delay(Duration.ZERO);
            }
            default -> {
                int place = 1 + dice.nextInt(2);
                fleet.kill(place);
                fleet.launch(place);
                fleet.awaitReady(place);
            }
        }
    }

    private static Sample sample(DarkroomProcess process, DatabaseUrl database) {
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

    /** Per cent by which the mean of the last third is above that of the third before: the first is the warming up. */
    private static long grows(String what, List<Sample> samples, ToLongFunction<Sample> value) {
        int third = samples.size() / 3;
        double middle = mean(samples.subList(third, 2 * third), value);
        double last = mean(samples.subList(2 * third, samples.size()), value);
        System.out.printf("  %s: %.0f, then %.0f on average%n", what, middle, last);
        return middle == 0 ? 0 : Math.round(100 * (last / middle - 1));
    }

    private static double mean(List<Sample> samples, ToLongFunction<Sample> value) {
        return samples.stream().mapToLong(value).average().orElseThrow();
    }

    private static Duration duration(String text) {
        return Duration.parse("PT" + text.toUpperCase(java.util.Locale.ROOT));
    }

    private static DarkroomSettings settings(AiServer aiServer) {
        return DarkroomSettings.quick()
                .aiServer(aiServer)
                .with("DARKROOM_API_INSTANCES", "1")
                .with("DARKROOM_GENERATION_INSTANCES", "1")
                .with("DARKROOM_DATABASE_POOL_SIZE", "8")
                .with("DARKROOM_NODE_HEARTBEAT", "500ms")
                .with("DARKROOM_NODE_TTL", "4s")
                .with("DARKROOM_NODE_SWEEP", "500ms");
    }
}
