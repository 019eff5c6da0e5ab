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
 * Measures how many generations a second go from accepted to COMPLETE, beside queues of jobs that do the same work on the same
 * database, and what a long queue and an idle process cost; writes {@code target/lifecycles.md}. Run by
 * {@code ./mvnw -q verify -Ppeers}; {@code docs/performance.md} explains it.
 */
public final class LifecycleBenchmark {
    /** Calls of the AI server under way at once, in each process. */
    private static final int CONCURRENCY = 100;

    private static final Duration TIMEOUT = Duration.ofMinutes(5);
    private static final int QUEUED = 100_000;
    private static final int FINISHED = 1_000_000;
    private static final int CLAIMED = 4_000;
    /** What a process does because it has just started is done by then. */
    private static final Duration SETTLE_TIME = Duration.ofSeconds(10);

    private static final Duration IDLE = Duration.ofSeconds(30);
    private static final Path DIRECTORY = Path.of("target", "lifecycles").toAbsolutePath();
    private static final Path PICTURES = DIRECTORY.resolve("pictures");
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
        report.machine(MachineDescription.describe(
                DIRECTORY, database.query("SHOW server_version").get(0)));
        // Before the tables of others: the service wants its schema for itself.
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
        Map<String, String> keeping = new HashMap<>(peer);
        keeping.put("PEER_PICTURES", PICTURES.toString());
        List<String> dbScheduler =
                javaCommand("-cp", System.getProperty("java.class.path"), DbSchedulerPeer.class.getName());
        List<String> graphile = List.of(
                GRAPHILE.resolve("node_modules/.bin/node").toString(),
                GRAPHILE.resolve("graphile.mjs").toString());
        return List.of(
                JobQueueContender.ofDbScheduler("db-scheduler, keeps pictures", dbScheduler, keeping),
                JobQueueContender.ofGraphile("graphile-worker, keeps pictures", graphile, keeping),
                JobQueueContender.ofDbScheduler("db-scheduler", dbScheduler, peer),
                JobQueueContender.ofGraphile("graphile-worker", graphile, peer),
                JobQueueContender.ofGraphile("graphile-worker, its batches on", graphile, batches));
    }

    private static List<String> javaCommand(String... arguments) {
        List<String> command = new ArrayList<>(List.of(JavaProcess.javaExecutable(), "-Xms512m", "-Xmx512m"));
        command.addAll(List.of(arguments));
        return command;
    }

    private void measureContender(JobQueueContender jobQueueContender, int processes) throws Exception {
        report.lifecycles(jobQueueContender.name(), processes, measureRound(jobQueueContender, processes));
    }

    /** As many jobs to get warm, then those that count; the first tenth of them is not looked at. */
    private LifecycleReport.LifecycleRound measureRound(JobQueueContender jobQueueContender, int processes)
            throws Exception {
        if (Files.exists(PICTURES)) {
            TestDirectories.delete(PICTURES);
        }
        List<ExternalProcess> running = new ArrayList<>();
        try {
            for (int i = 0; i < processes; i++) {
                running.add(start(jobQueueContender, i));
            }
            database.truncate(ApiBenchmarkDatabase.TABLES, "peer_results", "scheduled_tasks");
            insertJobs(jobQueueContender, 1, jobs);
            database.resetStatements();
            Duration cpuBefore = database.cpuTime();
            Duration ownBefore = totalCpuTime(running);
            insertJobs(jobQueueContender, jobs + 1, 2 * jobs);
            Duration cpu = database.cpuTime().minus(cpuBefore);
            Duration own = totalCpuTime(running).minus(ownBefore);
            ApiBenchmarkDatabase.Statements statements = database.statements();
            List<Double> ended = database.query(jobQueueContender.finishTimesSql()).stream()
                    .map(Double::valueOf)
                    .toList();
            if (ended.size() != 2 * jobs) {
                throw new IllegalStateException(jobQueueContender.name() + " recorded " + ended.size());
            }
            int from = jobs + jobs / 10;
            int last = ended.size() - 1;
            return new LifecycleReport.LifecycleRound(
                    (last - from) / (ended.get(last) - ended.get(from)),
                    statements.calls() / (double) jobs,
                    statements.walBytes() / jobs,
                    cpu.toNanos() / 1e3 / jobs,
                    own.toNanos() / 1e3 / jobs);
        } finally {
            for (ExternalProcess externalProcess : running) {
                externalProcess.close();
            }
        }
    }

    private static Duration totalCpuTime(List<ExternalProcess> programs) {
        return programs.stream()
                .map(each -> ProcessCpuTime.ofProcess(each.handle()))
                .reduce(Duration.ZERO, Duration::plus);
    }

    private static ExternalProcess start(JobQueueContender jobQueueContender, int number) throws Exception {
        String name = jobQueueContender.name().replaceAll("[^A-Za-z]+", "-") + "-" + number;
        return ExternalProcess.start(
                DIRECTORY.resolve(name),
                jobQueueContender.command(),
                jobQueueContender.environment(),
                jobQueueContender.readyLine());
    }

    private void insertJobs(JobQueueContender jobQueueContender, int first, int last) throws Exception {
        database.execute(jobQueueContender.insertJobsSql().formatted(first, last));
        long end = System.nanoTime() + TIMEOUT.toNanos();
        while (!database.query(jobQueueContender.countUnfinishedSql()).get(0).equals("0")) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException(jobQueueContender.name() + " has not ended all");
            }
            Thread.sleep(100);
        }
    }

    /** What one process that has nothing to do asks of the database. */
    private void measureIdle() throws Exception {
        try (ExternalProcess service = start(darkroomContender, 0)) {
            Thread.sleep(SETTLE_TIME.toMillis());
            database.resetStatements();
            Thread.sleep(IDLE.toMillis());
            report.idle(database.statements().calls() / (double) IDLE.toSeconds());
        }
    }

    private void measureClaims() throws Exception {
        try (ClaimBenchmarkTables few = new ClaimBenchmarkTables(database, "few", DIRECTORY);
                ClaimBenchmarkTables many = new ClaimBenchmarkTables(database, "many", DIRECTORY)) {
            many.insertGenerations(FINISHED, QUEUED);
            for (int round = 0; round <= rounds; round++) {
                few.truncate();
                few.insertGenerations(0, CLAIMED);
                double empty = few.measureClaimRate(CLAIMED);
                double full = many.measureClaimRate(CLAIMED);
                many.insertGenerations(0, CLAIMED);
                // The first round is for the compiler to get warm.
                if (round > 0) {
                    report.addClaimRates(empty, full);
                }
            }
        }
    }
}
