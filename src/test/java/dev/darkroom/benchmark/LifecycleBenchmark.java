package dev.darkroom.benchmark;

import dev.darkroom.testing.TestDirectories;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures the generations per second until COMPLETE, compared with services on other job queues that do the same work on the
 * same database. Also measures claims from a long queue and the statements of an idle process. Described in
 * {@code docs/performance.md}.
 */
final class LifecycleBenchmark {
    /** Concurrent calls of the AI server. */
    private static final int CONCURRENCY = 100;

    private static final Duration TIMEOUT = Duration.ofMinutes(5);
    private static final int QUEUED = 100_000;
    private static final int FINISHED = 1_000_000;
    private static final int CLAIMED = 4_000;
    /** Long enough for the start-up work of a process. */
    private static final Duration SETTLE_TIME = Duration.ofSeconds(10);

    private static final Duration IDLE = Duration.ofSeconds(30);
    private static final Path DIRECTORY = Path.of("target", "lifecycles").toAbsolutePath();
    private static final Path IMAGE_DIRECTORY = DIRECTORY.resolve("images");

    private final BenchmarkOptions options;
    private final ApiBenchmarkDatabase database;
    private final StubAiServer aiServer;
    private final Peers peers;
    private final JobQueueContender darkroom;
    private final LifecycleReport report;

    private LifecycleBenchmark(BenchmarkOptions options, ApiBenchmarkDatabase database, StubAiServer aiServer) {
        this.options = options;
        this.database = database;
        this.aiServer = aiServer;
        this.peers = new Peers(database, aiServer, IMAGE_DIRECTORY);
        Map<String, String> environment = new HashMap<>(DarkroomProcess.settings(database, aiServer));
        environment.put("DARKROOM_WORKER_CONCURRENCY", String.valueOf(CONCURRENCY));
        this.darkroom = JobQueueContender.ofDarkroom(Peers.javaCommand("-jar", DarkroomProcess.jar()), environment);
        this.report = new LifecycleReport(CONCURRENCY, options);
    }

    static void run(BenchmarkOptions options) throws Exception {
        new BenchmarkRun("lifecycles", DIRECTORY).run(options, (database, aiServer) -> {
            LifecycleBenchmark benchmark = new LifecycleBenchmark(options, database, aiServer);
            benchmark.run();
            return benchmark.report;
        });
    }

    private void run() throws Exception {
        report.setMachine(MachineDescription.describe(
                DIRECTORY, database.query("SHOW server_version").get(0)));
        // Runs before the tables of the peers exist, since the service requires a schema of its own.
        measureIdle();
        peers.createTables();
        List<JobQueueContender> order = new ArrayList<>(contenders());
        for (int round = 0; round < options.rounds(); round++) {
            for (JobQueueContender contender : order) {
                report.addRound(contender, measureRound(contender));
            }
            Collections.reverse(order);
        }
        if (!options.brief()) {
            measureClaims();
        }
    }

    private List<JobQueueContender> contenders() {
        Map<String, String> peer = peers.environment(CONCURRENCY);
        Map<String, String> batches = Peers.withBatches(peer);
        List<JobQueueContender> contenders = new ArrayList<>(
                List.of(darkroom, JobQueueContender.ofNest(peer), JobQueueContender.ofDbScheduler(peer)));
        if (!options.brief()) {
            contenders.add(JobQueueContender.ofRiver("River", SystemRole.PEER, peer));
            contenders.add(JobQueueContender.ofGraphile("graphile-worker", SystemRole.PEER, peer));
            contenders.add(JobQueueContender.ofPgBoss("pg-boss", SystemRole.PEER, peer));
            contenders.add(JobQueueContender.ofRiver("River, batched", SystemRole.BATCHED_PEER, batches));
            contenders.add(JobQueueContender.ofGraphile("graphile-worker, batched", SystemRole.BATCHED_PEER, batches));
            contenders.add(JobQueueContender.ofPgBoss("pg-boss, batched", SystemRole.BATCHED_PEER, batches));
        }
        return contenders;
    }

    /** Runs a warm-up of both kinds of jobs, then the jobs of a full queue, then jobs accepted over HTTP. */
    private LifecycleReport.LifecycleRound measureRound(JobQueueContender contender) throws Exception {
        if (Files.exists(IMAGE_DIRECTORY)) {
            TestDirectories.delete(IMAGE_DIRECTORY);
        }
        try (ExternalProcess process = start(contender)) {
            database.truncate(contender.tables());
            aiServer.reset();
            ClosedLoopHttpLoad posts = ClosedLoopHttpLoad.ofPost(
                    Integer.parseInt(process.outputValue(contender.portPattern())), PromptWorkload.typical());
            int warmUp = options.warmUpJobs();
            insertJobs(contender, 1, warmUp);
            awaitFinished(contender, warmUp);
            int finished = warmUp
                    + posts.run(ApiBenchmark.CONNECTIONS, options.roundDuration())
                            .count();
            awaitFinished(contender, finished);

            int jobs = options.jobs();
            database.resetStatements();
            Duration databaseCpu = database.cpuTime();
            Duration cpu = process.cpu();
            insertJobs(contender, warmUp + 1, warmUp + jobs);
            awaitFinished(contender, finished + jobs);
            databaseCpu = database.cpuTime().minus(databaseCpu);
            cpu = process.cpu().minus(cpu);
            ApiBenchmarkDatabase.Statements statements = database.statements();
            List<Double> times = finishTimes(contender, finished + jobs);
            // The first tenth is not measured.
            double drained = jobs * 0.9 / (last(times) - times.get(finished + jobs / 10));
            finished += jobs;

            double start = Double.parseDouble(database.query("SELECT extract(epoch FROM clock_timestamp())")
                    .get(0));
            int accepted =
                    posts.run(ApiBenchmark.CONNECTIONS, options.roundDuration()).count();
            awaitFinished(contender, finished + accepted);
            double served = accepted / (last(finishTimes(contender, finished + accepted)) - start);
            return new LifecycleReport.LifecycleRound(
                    drained,
                    served,
                    statements.calls() / (double) jobs,
                    statements.walBytes() / jobs,
                    databaseCpu.toNanos() / 1e3 / jobs,
                    cpu.toNanos() / 1e3 / jobs);
        } finally {
            database.truncate(contender.tables());
        }
    }

    private List<Double> finishTimes(JobQueueContender contender, int expected) throws Exception {
        List<Double> times = database.query(contender.finishTimesSql()).stream()
                .map(Double::valueOf)
                .toList();
        if (times.size() != expected) {
            throw new IllegalStateException(contender.name() + " recorded " + times.size() + " of " + expected);
        }
        return times;
    }

    private static double last(List<Double> values) {
        return values.get(values.size() - 1);
    }

    private static ExternalProcess start(JobQueueContender contender) throws Exception {
        String name = contender.name().replaceAll("[^A-Za-z]+", "-");
        return ExternalProcess.start(
                DIRECTORY.resolve(name), contender.command(), contender.environment(), contender.readyLine());
    }

    private void insertJobs(JobQueueContender contender, int first, int last) throws Exception {
        database.execute(contender.insertJobsSql().formatted(first, last));
    }

    /** Waits for {@code calls} AI calls since the start before it queries the database, so as not to load it meanwhile. */
    private void awaitFinished(JobQueueContender contender, int calls) throws Exception {
        long end = System.nanoTime() + TIMEOUT.toNanos();
        while (aiServer.requestCount() < calls
                || !database.query(contender.findUnfinishedSql()).isEmpty()) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException(contender.name() + " has unfinished jobs");
            }
            Thread.sleep(50);
        }
    }

    /** Measures the statements per second of one idle process. */
    private void measureIdle() throws Exception {
        try (ExternalProcess service = start(darkroom)) {
            if (!options.brief()) {
                Thread.sleep(SETTLE_TIME.toMillis());
                database.resetStatements();
                Thread.sleep(IDLE.toMillis());
                report.setIdleStatementRate(database.statements().calls() / (double) IDLE.toSeconds());
            }
        }
    }

    private void measureClaims() throws Exception {
        try (ClaimBenchmarkTables emptyTables = new ClaimBenchmarkTables(database, "few", DIRECTORY);
                ClaimBenchmarkTables fullTables = new ClaimBenchmarkTables(database, "many", DIRECTORY)) {
            fullTables.insertGenerations(FINISHED, QUEUED);
            for (int round = 0; round <= options.rounds(); round++) {
                emptyTables.truncate();
                emptyTables.insertGenerations(0, CLAIMED);
                double empty = emptyTables.measureClaimRate(CLAIMED);
                double full = fullTables.measureClaimRate(CLAIMED);
                fullTables.insertGenerations(0, CLAIMED);
                // The first round is a warm-up.
                if (round > 0) {
                    report.addClaimRates(empty, full);
                }
            }
        }
    }
}
