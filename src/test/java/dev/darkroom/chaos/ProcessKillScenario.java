package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.LoadGenerator;
import dev.darkroom.testing.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;

/**
 * Repeatedly kills a random one of three processes under load, and checks that no accepted generation is lost, stuck or finished twice.
 */
final class ProcessKillScenario {
    private static final int NODES = 3;

    private final Path directory;
    private final Map<String, String> imageStore;

    /**
     * @param directory working directory of the processes
     * @param imageStore settings of their image store
     */
    ProcessKillScenario(Path directory, Map<String, String> imageStore) {
        this.directory = directory;
        this.imageStore = imageStore;
    }

    /**
     * Parameters of one run. It ends when {@code kills}, {@code generations} and {@code minDuration} are all reached.
     *
     * @param pause mean time between kills
     * @param maxRecovery longest allowed time from a kill until all attempts of the process are recorded as LOST
     */
    record Run(
            String name,
            int kills,
            int generations,
            Duration minDuration,
            Duration pause,
            DarkroomInstanceSettings settings,
            Duration maxRecovery) {}

    /** Returns the database of the processes, which are stopped. */
    DatabaseUrl killRepeatedly(Run run) throws Exception {
        // given
        Random random = ChaosParameters.seededRandom(run.name());
        DatabaseUrl database = TestPostgres.newDatabase();
        Map<String, Instant> killedAt = new HashMap<>();
        ExecutorService starters = Executors.newFixedThreadPool(NODES);
        try (InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
                DarkroomFleet darkroomFleet = new DarkroomFleet(
                        directory,
                        NODES,
                        run.settings().with(imageStore).database(database).aiServer(inProcessSimulator))) {
            inProcessSimulator.script(ChaosParameters.unreliableAiServerScript(random, 5));
            SubmissionCounter submissionCounter = new SubmissionCounter(inProcessSimulator);
            Instant begin = Instant.now();
            LoadGenerator loadGenerator = new LoadGenerator(darkroomFleet, 40);
            Future<?>[] starts = new Future<?>[NODES];

            // when
            int kills = 0;
            while (kills < run.kills()
                    || loadGenerator.acceptedIds().size() < run.generations()
                    || Duration.between(begin, Instant.now()).compareTo(run.minDuration()) < 0) {
                ChaosParameters.waitFor(Duration.ofMillis((long) (run.pause().toMillis() * 2 * random.nextDouble())));
                int place = random.nextInt(NODES);
                awaitTwoReady(darkroomFleet, starts[place]);
                DarkroomInstanceProcess victim = darkroomFleet.processAt(place);
                Instant now = Instant.now();
                darkroomFleet.kill(place);
                DarkroomFleet.nodeIds(victim).forEach(identity -> killedAt.put(identity, now));
                kills++;
                starts[place] = starters.submit(() -> {
                    darkroomFleet.launch(place);
                    darkroomFleet.awaitReady(place);
                });
                if (kills % 20 == 0) {
                    submissionCounter.recordArrivals();
                }
            }
            loadGenerator.close();
            Duration took = Duration.between(begin, Instant.now());
            for (Future<?> start : starts) {
                if (start != null) {
                    start.get();
                }
            }

            // then
            loadGenerator.assertResponsesExpected();
            loadGenerator.assertAllAcceptedEnded(database, Duration.ofMinutes(2), Set.of("COMPLETE", "FAILED"));
            AttemptHistoryCheck.assertNoViolations(darkroomFleet.allProcesses(), database, imageStore);
            submissionCounter.recordArrivals();
            Duration recovery = longestRecovery(database, killedAt);
            System.out.printf(
                    "chaos: %s: %d kills in %d s; %s%n  %s; ended: %s; attempts: %s; longest recovery %d ms%n",
                    run.name(),
                    kills,
                    took.toSeconds(),
                    loadGenerator,
                    submissionCounter,
                    counts(database, "status", "generations"),
                    counts(database, "outcome", "generation_attempts"),
                    recovery.toMillis());
            assertThat(count(database, "SELECT count(*) FROM generation_attempts WHERE outcome = 'LOST'"))
                    .as("attempts lost by the kills")
                    .isPositive();
            assertThat(count(database, "SELECT count(*) FROM generation_attempts WHERE submitted"))
                    .as("submissions that are counted, also those of killed processes")
                    .isGreaterThanOrEqualTo(submissionCounter.count());
            assertThat(recovery).as("longest recovery").isLessThan(run.maxRecovery());
            assertThat(TestPostgres.query(
                            database, "SELECT DISTINCT error_code FROM generations WHERE status = 'FAILED'"))
                    .isSubsetOf("ATTEMPTS_EXHAUSTED", "ATTEMPTS_LOST");
            assertThat(count(database, "SELECT count(*) FROM generations WHERE status = 'FAILED'"))
                    .as("the AI server fails five calls of a hundred, so hardly ever five times for one generation")
                    .isLessThan(1 + loadGenerator.acceptedIds().size() / 500);
            for (DarkroomInstanceProcess process : darkroomFleet.allProcesses()) {
                assertThat(process.log()).noneMatch(line -> line.contains(" ERROR ") || line.startsWith("\tat "));
            }
        } finally {
            starters.shutdownNow();
        }
        return database;
    }

    /** Waits until the process killed last is ready again, and another process is ready. */
    private static void awaitTwoReady(DarkroomFleet darkroomFleet, Future<?> start) {
        Awaitility.await("started again").atMost(Duration.ofMinutes(5)).until(() -> {
            if (start != null && start.isDone()) {
                start.get();
            }
            return (start == null || start.isDone()) && darkroomFleet.readyCount() > 1;
        });
    }

    /** Returns the longest time from a kill until the last attempt of the killed process was recorded as LOST. */
    static Duration longestRecovery(DatabaseUrl database, Map<String, Instant> killedAt) {
        Duration longest = Duration.ZERO;
        for (String row : TestPostgres.query(
                database,
                "SELECT node_id || ' ' || (extract(epoch FROM max(finished_at)) * 1000)::bigint"
                        + " FROM generation_attempts WHERE outcome = 'LOST' GROUP BY node_id")) {
            String[] lost = row.split(" ");
            assertThat(killedAt).as("only killed processes lose attempts").containsKey(lost[0]);
            Duration took = Duration.between(killedAt.get(lost[0]), Instant.ofEpochMilli(Long.parseLong(lost[1])));
            longest = took.compareTo(longest) > 0 ? took : longest;
        }
        return longest;
    }

    static List<String> counts(DatabaseUrl database, String column, String table) {
        return TestPostgres.query(
                database,
                "SELECT count(*) || ' x ' || %s FROM %s GROUP BY %s ORDER BY 1".formatted(column, table, column));
    }

    private static int count(DatabaseUrl database, String sql) {
        return Integer.parseInt(TestPostgres.query(database, sql).get(0));
    }
}
