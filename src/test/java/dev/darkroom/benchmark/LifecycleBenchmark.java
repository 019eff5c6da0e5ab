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
    /** What a process does because it has just started is done by then. */
    private static final Duration SETTLED = Duration.ofSeconds(10);

    private static final Duration IDLE = Duration.ofSeconds(30);
    private static final Path DIRECTORY = Path.of("target", "lifecycles").toAbsolutePath();
    private static final Path PICTURES = DIRECTORY.resolve("pictures");
    private static final Path GRAPHILE = Path.of("src", "peers").toAbsolutePath();

    private final int rounds = Integer.getInteger("benchmark.rounds", 3);
    private final int jobs = Integer.getInteger("benchmark.jobs", 12_000);
    private final BenchmarkDatabase database;
    private final Contender darkroom;
    private final List<Contender> peers;
    private final LifecycleReport report;

    private LifecycleBenchmark(BenchmarkDatabase database, String stub) {
        this.database = database;
        this.darkroom = darkroom(database, stub);
        this.peers = peers(database, stub);
        this.report = new LifecycleReport(CONCURRENCY, rounds, jobs);
    }

    public static void main(String[] args) throws Exception {
        new Measurement("lifecycles", DIRECTORY)
                .run((database, stub) -> new LifecycleBenchmark(database, stub.url()).run());
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
                measure(darkroom, processes);
                for (Contender peer : peers) {
                    measure(peer, processes);
                }
            }
        }
        claims();
        return report.text();
    }

    private static Contender darkroom(BenchmarkDatabase database, String stub) {
        Path jar = Path.of("target", "darkroom.jar").toAbsolutePath();
        return Contender.darkroom(
                java("-jar", jar.toString()),
                Map.of(
                        "DARKROOM_DATABASE_URL",
                        database.setting(),
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

    private static List<Contender> peers(BenchmarkDatabase database, String stub) {
        Map<String, String> peer = Map.of(
                "PEER_DATABASE", database.setting(),
                "PEER_JDBC", database.url().jdbcUrl(),
                "PEER_USER", database.url().user(),
                "PEER_PASSWORD", database.url().password().value(),
                "PEER_STUB", stub + "/images/generations",
                "PEER_CONCURRENCY", String.valueOf(CONCURRENCY));
        Map<String, String> batches = new HashMap<>(peer);
        batches.put("PEER_BATCHES", "true");
        Map<String, String> keeping = new HashMap<>(peer);
        keeping.put("PEER_PICTURES", PICTURES.toString());
        List<String> dbScheduler = java("-cp", System.getProperty("java.class.path"), DbSchedulerPeer.class.getName());
        List<String> graphile = List.of(
                GRAPHILE.resolve("node_modules/.bin/node").toString(),
                GRAPHILE.resolve("graphile.mjs").toString());
        return List.of(
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

    private void measure(Contender contender, int processes) throws Exception {
        report.lifecycles(contender.name(), processes, lifecycles(contender, processes));
    }

    /** As many jobs to get warm, then those that count; the first tenth of them is not looked at. */
    private LifecycleReport.Round lifecycles(Contender contender, int processes) throws Exception {
        if (Files.exists(PICTURES)) {
            Directories.delete(PICTURES);
        }
        List<Program> running = new ArrayList<>();
        try {
            for (int i = 0; i < processes; i++) {
                running.add(start(contender, i));
            }
            database.empty(BenchmarkDatabase.TABLES, "peer_results", "scheduled_tasks");
            work(contender, 1, jobs);
            database.forgetStatements();
            Duration cpuBefore = database.cpu();
            Duration ownBefore = cpu(running);
            work(contender, jobs + 1, 2 * jobs);
            Duration cpu = database.cpu().minus(cpuBefore);
            Duration own = cpu(running).minus(ownBefore);
            BenchmarkDatabase.Statements statements = database.statements();
            List<Double> ended = database.query(contender.ended()).stream()
                    .map(Double::valueOf)
                    .toList();
            if (ended.size() != 2 * jobs) {
                throw new IllegalStateException(contender.name() + " recorded " + ended.size());
            }
            int from = jobs + jobs / 10;
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

    /** What one process that has nothing to do asks of the database. */
    private void idle() throws Exception {
        try (Program service = start(darkroom, 0)) {
            Thread.sleep(SETTLED.toMillis());
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
