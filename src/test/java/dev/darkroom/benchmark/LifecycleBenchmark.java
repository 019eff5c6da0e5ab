package dev.darkroom.benchmark;

import dev.darkroom.testing.TestDirectories;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures the generations per second from acceptance to COMPLETE, compared with job queues that do the same work on the
 * same database. Also measures claims from a long queue and the statements of an idle process. Writes
 * {@code target/lifecycles.md}. Run by {@code ./mvnw -q verify -Ppeers}; described in {@code docs/performance.md}.
 */
public final class LifecycleBenchmark {
    /** Concurrent calls of the AI server in each process. */
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
    private static final Path GRAPHILE = Path.of("src", "peers").toAbsolutePath();

    private final int rounds = Integer.getInteger("benchmark.rounds", 3);
    private final int jobs = Integer.getInteger("benchmark.jobs", 12_000);
    private final ApiBenchmarkDatabase database;
    private final JobQueueContender darkroomContender;
    private final List<JobQueueContender> peerContenders;
    private final LifecycleReport report;

    private LifecycleBenchmark(ApiBenchmarkDatabase database, String stub) {
        this.database = database;
        this.darkroomContender = darkroomContender(database, stub);
        this.peerContenders = peerContenders(database, stub);
        this.report = new LifecycleReport(CONCURRENCY, rounds, jobs);
    }

    public static void main(String[] args) throws Exception {
        new BenchmarkRun("lifecycles", DIRECTORY)
                .run((database, stub) -> new LifecycleBenchmark(database, stub.url()).run());
    }

    private String run() throws Exception {
        report.setMachine(MachineDescription.describe(
                DIRECTORY, database.query("SHOW server_version").get(0)));
        // Runs before the tables of the peers exist, since the service requires a schema of its own.
        measureIdle();
        database.execute("GRANT CREATE ON DATABASE " + database.url().database() + " TO darkroom");
        database.execute(JobQueueContender.PEER_RESULTS);
        database.execute(DbSchedulerPeer.TABLE);
        for (int processes : List.of(1, 2)) {
            for (int round = 0; round < rounds; round++) {
                measureContender(darkroomContender, processes);
                for (JobQueueContender peer : peerContenders) {
                    measureContender(peer, processes);
                }
            }
        }
        measureClaims();
        return report.render();
    }

    private static JobQueueContender darkroomContender(ApiBenchmarkDatabase database, String stub) {
        Path jar = Path.of("target", "darkroom.jar").toAbsolutePath();
        return JobQueueContender.ofDarkroom(
                javaCommand("-jar", jar.toString()),
                Map.of(
                        "DARKROOM_DATABASE_URL",
                        database.urlSetting(),
                        "DARKROOM_BACKEND_URL",
                        stub,
                        "DARKROOM_WORKER_CONCURRENCY",
                        String.valueOf(CONCURRENCY),
                        "DARKROOM_HTTP_PORT",
                        "0",
                        "DARKROOM_MANAGEMENT_PORT",
                        "0",
                        "DARKROOM_LIMITS_REQUESTS_PER_SECOND",
                        "0"));
    }

    private static List<JobQueueContender> peerContenders(ApiBenchmarkDatabase database, String stub) {
        Map<String, String> peer = Map.of(
                "PEER_DATABASE", database.urlSetting(),
                "PEER_JDBC", database.url().jdbcUrl(),
                "PEER_USER", database.url().user(),
                "PEER_PASSWORD", database.url().password().value(),
                "PEER_STUB", stub + "/images/generations",
                "PEER_CONCURRENCY", String.valueOf(CONCURRENCY));
        Map<String, String> batches = new HashMap<>(peer);
        batches.put("PEER_BATCHES", "true");
        Map<String, String> storingImages = new HashMap<>(peer);
        storingImages.put("PEER_IMAGES", IMAGE_DIRECTORY.toString());
        List<String> dbScheduler =
                javaCommand("-cp", System.getProperty("java.class.path"), DbSchedulerPeer.class.getName());
        List<String> graphile = List.of(
                GRAPHILE.resolve("node_modules/.bin/node").toString(),
                GRAPHILE.resolve("graphile.mjs").toString());
        return List.of(
                JobQueueContender.ofDbScheduler("db-scheduler, stores images", dbScheduler, storingImages),
                JobQueueContender.ofGraphile("graphile-worker, stores images", graphile, storingImages),
                JobQueueContender.ofDbScheduler("db-scheduler", dbScheduler, peer),
                JobQueueContender.ofGraphile("graphile-worker", graphile, peer),
                JobQueueContender.ofGraphile("graphile-worker, its batches on", graphile, batches));
    }

    private static List<String> javaCommand(String... arguments) {
        List<String> command = new ArrayList<>(List.of(JavaProcess.javaExecutable(), "-Xms512m", "-Xmx512m"));
        command.addAll(List.of(arguments));
        return command;
    }

    private void measureContender(JobQueueContender contender, int processes) throws Exception {
        report.addRound(contender.name(), processes, measureRound(contender, processes));
    }

    /** Runs a warm-up with the same number of jobs, then the measured jobs. Ignores the first 10 % for the rate. */
    private LifecycleReport.LifecycleRound measureRound(JobQueueContender contender, int processes) throws Exception {
        if (Files.exists(IMAGE_DIRECTORY)) {
            TestDirectories.delete(IMAGE_DIRECTORY);
        }
        List<ExternalProcess> running = new ArrayList<>();
        try {
            for (int i = 0; i < processes; i++) {
                running.add(start(contender, i));
            }
            database.truncate(ApiBenchmarkDatabase.TABLES, "peer_results", "scheduled_tasks");
            insertJobs(contender, 1, jobs);
            database.resetStatements();
            Duration cpuBefore = database.cpuTime();
            Duration processCpuBefore = totalCpuTime(running);
            insertJobs(contender, jobs + 1, 2 * jobs);
            Duration cpu = database.cpuTime().minus(cpuBefore);
            Duration processCpu = totalCpuTime(running).minus(processCpuBefore);
            ApiBenchmarkDatabase.Statements statements = database.statements();
            List<Double> finishTimes = database.query(contender.finishTimesSql()).stream()
                    .map(Double::valueOf)
                    .toList();
            if (finishTimes.size() != 2 * jobs) {
                throw new IllegalStateException(contender.name() + " recorded " + finishTimes.size());
            }
            int from = jobs + jobs / 10;
            int last = finishTimes.size() - 1;
            return new LifecycleReport.LifecycleRound(
                    (last - from) / (finishTimes.get(last) - finishTimes.get(from)),
                    statements.calls() / (double) jobs,
                    statements.walBytes() / jobs,
                    cpu.toNanos() / 1e3 / jobs,
                    processCpu.toNanos() / 1e3 / jobs);
        } finally {
            for (ExternalProcess externalProcess : running) {
                externalProcess.close();
            }
        }
    }

    private static Duration totalCpuTime(List<ExternalProcess> processes) {
        return processes.stream()
                .map(each -> ProcessCpuTime.ofProcess(each.handle()))
                .reduce(Duration.ZERO, Duration::plus);
    }

    private static ExternalProcess start(JobQueueContender contender, int number) throws Exception {
        String name = contender.name().replaceAll("[^A-Za-z]+", "-") + "-" + number;
        return ExternalProcess.start(
                DIRECTORY.resolve(name), contender.command(), contender.environment(), contender.readyLine());
    }

    private void insertJobs(JobQueueContender contender, int first, int last) throws Exception {
        database.execute(contender.insertJobsSql().formatted(first, last));
        long end = System.nanoTime() + TIMEOUT.toNanos();
        while (!database.query(contender.countUnfinishedSql()).get(0).equals("0")) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException(contender.name() + " has unfinished jobs");
            }
            Thread.sleep(100);
        }
    }

    /** Measures the statements per second of one idle process. */
    private void measureIdle() throws Exception {
        try (ExternalProcess service = start(darkroomContender, 0)) {
            Thread.sleep(SETTLE_TIME.toMillis());
            database.resetStatements();
            Thread.sleep(IDLE.toMillis());
            report.setIdleStatementRate(database.statements().calls() / (double) IDLE.toSeconds());
        }
    }

    private void measureClaims() throws Exception {
        try (ClaimBenchmarkTables emptyTables = new ClaimBenchmarkTables(database, "few", DIRECTORY);
                ClaimBenchmarkTables fullTables = new ClaimBenchmarkTables(database, "many", DIRECTORY)) {
            fullTables.insertGenerations(FINISHED, QUEUED);
            for (int round = 0; round <= rounds; round++) {
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
