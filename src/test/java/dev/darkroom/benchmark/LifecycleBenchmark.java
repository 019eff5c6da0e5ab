package dev.darkroom.benchmark;

import dev.darkroom.testing.Directories;
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

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final int WAITING = 100_000;
    private static final int ENDED = 1_000_000;
    private static final int CLAIMED = 4_000;
    private static final Duration IDLE = Duration.ofSeconds(30);
    private static final Path DIRECTORY = Path.of("target", "lifecycles").toAbsolutePath();
    private static final Path GRAPHILE = Path.of("src", "peers").toAbsolutePath();

    private final int rounds = Integer.getInteger("benchmark.rounds", 3);
    private final int jobs = Integer.getInteger("benchmark.jobs", 12_000);
    private final BenchmarkDatabase database;
    private final Arrivals stub;
    private final LifecycleReport report;

    private LifecycleBenchmark(BenchmarkDatabase database, Arrivals stub) {
        this.database = database;
        this.stub = stub;
        this.report = new LifecycleReport(CONCURRENCY, rounds, jobs);
    }

    public static void main(String[] args) throws Exception {
        if (Files.exists(DIRECTORY)) {
            Directories.delete(DIRECTORY);
        }
        Files.createDirectories(DIRECTORY);
        String figures;
        try (BenchmarkDatabase database = BenchmarkDatabase.start(DIRECTORY.resolve("data"));
                Arrivals stub = new Arrivals()) {
            figures = new LifecycleBenchmark(database, stub).run();
        }
        System.out.println(figures);
        new FiguresInDocs("lifecycles").write(figures);
        System.exit(0);
    }

    private String run() throws Exception {
        report.machine(Machine.describe(
                DIRECTORY, database.query("SHOW server_version").get(0)));
        // Before the tables of others: the service wants its schema for itself.
        idle();
        database.execute("GRANT CREATE ON DATABASE " + database.url().database() + " TO darkroom");
        database.execute(Contender.PEER_RESULTS);
        database.execute(DbSchedulerPeer.TABLE);
        for (int processes : List.of(1, 2)) {
            for (int round = 0; round < rounds; round++) {
                for (Contender contender : contenders()) {
                    report.lifecycles(contender.name(), processes, lifecycles(contender, processes));
                }
            }
        }
        claims();
        return report.text();
    }

    private List<Contender> contenders() {
        Map<String, String> peer = Map.of(
                "PEER_DATABASE", database.setting(),
                "PEER_JDBC", database.url().jdbcUrl(),
                "PEER_USER", database.url().user(),
                "PEER_PASSWORD", database.url().password().value(),
                "PEER_STUB", stub.url() + "/images/generations",
                "PEER_CONCURRENCY", String.valueOf(CONCURRENCY));
        Map<String, String> batches = new HashMap<>(peer);
        batches.put("PEER_BATCHES", "true");
        Map<String, String> keeping = new HashMap<>(peer);
        keeping.put("PEER_PICTURES", DIRECTORY.resolve("pictures").toString());
        List<String> dbScheduler = java("-cp", System.getProperty("java.class.path"), DbSchedulerPeer.class.getName());
        List<String> graphile = List.of(
                GRAPHILE.resolve("node_modules/.bin/node").toString(),
                GRAPHILE.resolve("graphile.mjs").toString());
        return List.of(
                Contender.darkroom(
                        java(
                                "-jar",
                                Path.of("target", "darkroom.jar")
                                        .toAbsolutePath()
                                        .toString()),
                        Map.of(
                                "DARKROOM_DATABASE_URL", database.setting(),
                                "DARKROOM_BACKEND_URL", stub.url(),
                                "DARKROOM_WORKER_CONCURRENCY", String.valueOf(CONCURRENCY),
                                "DARKROOM_HTTP_PORT", "0",
                                "DARKROOM_MANAGEMENT_PORT", "0")),
                Contender.dbScheduler("db-scheduler, keeps pictures", dbScheduler, keeping),
                Contender.graphile("graphile-worker, keeps pictures", graphile, keeping),
                Contender.dbScheduler("db-scheduler", dbScheduler, peer),
                Contender.graphile("graphile-worker", graphile, peer),
                Contender.graphile("graphile-worker, its batches on", graphile, batches));
    }

    private static List<String> java(String... arguments) {
        List<String> command = new ArrayList<>(List.of(JavaProcess.java(), "-Xms512m", "-Xmx512m"));
        command.addAll(List.of(arguments));
        return command;
    }

    /** As many jobs to get warm, then those that count; the first tenth of them is not looked at. */
    private LifecycleReport.Round lifecycles(Contender contender, int processes) throws Exception {
        int warmUp = jobs;
        List<Program> running = new ArrayList<>();
        try {
            for (int i = 0; i < processes; i++) {
                running.add(start(contender, i));
            }
            emptyTables();
            work(contender, 1, warmUp);
            database.forgetStatements();
            Duration cpuBefore = database.cpu();
            Duration ownBefore = cpu(running);
            work(contender, warmUp + 1, warmUp + jobs);
            Duration cpu = database.cpu().minus(cpuBefore);
            Duration own = cpu(running).minus(ownBefore);
            BenchmarkDatabase.Statements statements = database.statements();
            List<Double> ended = database.query(contender.ended()).stream()
                    .map(Double::valueOf)
                    .toList();
            if (ended.size() != warmUp + jobs) {
                throw new IllegalStateException(contender.name() + " recorded " + ended.size());
            }
            int from = warmUp + jobs / 10;
            int last = ended.size() - 1;
            return new LifecycleReport.Round(
                    (last - from) / (ended.get(last) - ended.get(from)),
                    statements.calls() / (double) jobs,
                    statements.walBytes() / jobs,
                    cpu.toNanos() / 1e3 / jobs,
                    own.toNanos() / 1e3 / jobs);
        } finally {
            for (Program program : running) {
                program.close();
            }
        }
    }

    private static Duration cpu(List<Program> programs) {
        return programs.stream().map(each -> Cpu.of(each.handle())).reduce(Duration.ZERO, Duration::plus);
    }

    private static Program start(Contender contender, int number) throws Exception {
        String name = contender.name().replaceAll("[^A-Za-z]+", "-") + "-" + number;
        return Program.start(DIRECTORY.resolve(name), contender.command(), contender.environment(), contender.ready());
    }

    private void work(Contender contender, int first, int last) throws Exception {
        database.execute(contender.fill().formatted(first, last));
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!database.query(contender.left()).get(0).equals("0")) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException(contender.name() + " has not ended all");
            }
            Thread.sleep(100);
        }
    }

    private void emptyTables() throws Exception {
        database.execute(
                "TRUNCATE generations, deleted_attempts, generation_attempts, generation_queue, images, peer_results,"
                        + " scheduled_tasks");
        database.execute("CHECKPOINT");
    }

    /** What one process that has nothing to do asks of the database. */
    private void idle() throws Exception {
        try (Program service = start(contenders().get(0), 0)) {
            Thread.sleep(10_000);
            database.forgetStatements();
            Thread.sleep(IDLE.toMillis());
            report.idle(database.statements().calls() / (double) IDLE.toSeconds());
        }
    }

    private void claims() throws Exception {
        try (ClaimTables few = new ClaimTables(database, "few", DIRECTORY);
                ClaimTables many = new ClaimTables(database, "many", DIRECTORY)) {
            many.fill(ENDED, WAITING);
            for (int round = 0; round <= rounds; round++) {
                few.empty();
                few.fill(0, CLAIMED);
                double empty = few.claim(CLAIMED);
                double full = many.claim(CLAIMED);
                many.fill(0, CLAIMED);
                // The first round is for the compiler to get warm.
                if (round > 0) {
                    report.claims(empty, full);
                }
            }
        }
    }
}
