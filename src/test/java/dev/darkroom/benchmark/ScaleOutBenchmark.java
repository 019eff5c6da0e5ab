package dev.darkroom.benchmark;

import dev.darkroom.testing.TestDirectories;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;

/**
 * Measures completed generations per second of several processes on one PostgreSQL, with an AI server that needs a second, and the costs of a
 * generation. Described in {@code docs/performance.md}.
 */
final class ScaleOutBenchmark {
    static final int CALLS = 100;
    static final Duration LATENCY = Duration.ofSeconds(1);

    /** The connections of the embedded PostgreSQL suffice for eight. */
    private static final int MAX_PROCESSES = Math.min(8, Integer.getInteger("benchmark.processes", 8));

    private static final int USERS = 1_000;
    /** Seconds of work that wait at the start, so that no call is idle. */
    private static final int BACKLOG_SECONDS = 2;
    /** Rounds of load of a quarter of the rate, for processes that have just started. */
    private static final int RAMP_ROUNDS = 3;
    /** Rounds of full load before the measurement. The JIT compiler of each process needs some thousand generations. */
    private static final int WARM_UP_ROUNDS = 10;

    private static final Duration TIMEOUT = Duration.ofMinutes(5);
    private static final Path DIRECTORY = Path.of("target", "scale").toAbsolutePath();
    /** A small service process. Heap and pool are as small as eight processes and 100 connections require. */
    private static final List<String> FLAGS = List.of(
            "-Xmx128m",
            "-XX:+UseSerialGC",
            "-XX:SharedArchiveFile=" + Path.of("target", "darkroom.jsa").toAbsolutePath());

    private static final int POOL_SIZE = 8;
    static final String TABLES = ApiBenchmarkDatabase.TABLES + ", notifications, user_streams";

    private final BenchmarkOptions options;
    private final StubAiServer aiServer;
    private final ScaleOutReport report;

    /** One database with its users and image directory. */
    private record Shard(ApiBenchmarkDatabase database, BenchmarkUsers users, Path images) {}

    private ScaleOutBenchmark(BenchmarkOptions options, StubAiServer aiServer, String machine) {
        this.options = options;
        this.aiServer = aiServer;
        this.report = new ScaleOutReport(options, machine);
    }

    static void run(BenchmarkOptions options) throws Exception {
        new BenchmarkRun("scale", DIRECTORY).run(options, (database, aiServer) -> {
            String machine = MachineDescription.describe(
                    DIRECTORY, database.query("SHOW server_version").get(0));
            aiServer.setLatency(LATENCY);
            ScaleOutBenchmark benchmark = new ScaleOutBenchmark(options, aiServer, machine);
            benchmark.measure(database);
            return benchmark.report;
        });
    }

    private void measure(ApiBenchmarkDatabase database) throws Exception {
        List<Shard> one = List.of(prepare(database, "first"));
        for (int processes = 1; processes <= MAX_PROCESSES; processes *= 2) {
            String label = processes == 1 ? "1 process" : processes + " processes";
            report.addScale(measure(label, processes, CALLS, one, 2 * processes > MAX_PROCESSES));
        }
        if (options.brief()) {
            return;
        }
        report.addScale(measure(MAX_PROCESSES + " processes, 200 calls", MAX_PROCESSES, 2 * CALLS, one, false));
        report.addVariant(
                measure("1 process, " + MAX_PROCESSES * CALLS + " calls", 1, MAX_PROCESSES * CALLS, one, false));
        database.execute("ALTER ROLE darkroom SET synchronous_commit = off");
        report.addVariant(measure("synchronous_commit = off", MAX_PROCESSES, CALLS, one, false));
        database.execute("ALTER ROLE darkroom RESET synchronous_commit");
        try (ApiBenchmarkDatabase second = database.createDatabase("darkroom_second")) {
            List<Shard> two = List.of(one.get(0), prepare(second, "second"));
            report.addVariant(measure("two databases", MAX_PROCESSES, CALLS, two, false));
        }
    }

    /** Starts a process, which creates the tables, and inserts users. */
    private Shard prepare(ApiBenchmarkDatabase database, String name) throws Exception {
        Path images = DIRECTORY.resolve(name + "-images");
        Shard withoutUsers = new Shard(database, null, images);
        start(name, withoutUsers, 0).close();
        return new Shard(database, new BenchmarkUsers(database, USERS), images);
    }

    private BenchmarkNode start(String name, Shard shard, int calls) throws IOException, InterruptedException {
        return new BenchmarkNode(
                DIRECTORY,
                name,
                shard.database(),
                aiServer,
                calls,
                FLAGS,
                Map.of(
                        "DARKROOM_IMAGE_DIR", shard.images().toString(),
                        "DARKROOM_DATABASE_POOL_SIZE", String.valueOf(POOL_SIZE),
                        // Up to eight JVMs compile their code on the cores of PostgreSQL at the same time.
                        "DARKROOM_DATABASE_CONNECT_TIMEOUT", "10s",
                        "DARKROOM_DATABASE_STATEMENT_TIMEOUT", "15s",
                        "DARKROOM_API_REPLY_TIMEOUT", "30s",
                        // The load generator keeps idle connections longer than the default of 60 s.
                        "DARKROOM_HTTP_IDLE_TIMEOUT", "10m",
                        "DARKROOM_BACKEND_MAX_RESPONSE_BYTES", "1048576",
                        "DARKROOM_GENERATION_MAX_PENDING_PER_USER", "0"));
    }

    /** @param sizes whether to wait until all generations have ended, and to report the sizes of the tables */
    private ScaleOutMeasurement measure(String label, int processes, int calls, List<Shard> shards, boolean sizes)
            throws Exception {
        for (Shard shard : shards) {
            shard.database().truncate(TABLES);
            deleteImages(shard.images());
        }
        List<BenchmarkNode> nodes = new ArrayList<>();
        try {
            for (int i = 0; i < processes; i++) {
                nodes.add(start("process-" + i, shards.get(i % shards.size()), calls));
            }
            int rate = (int) (processes * calls * 1_000L / LATENCY.toMillis());
            ConstantRateLoad posts = posts(nodes, shards);
            send(posts, rate / 4, options.roundDuration().multipliedBy(RAMP_ROUNDS));
            for (Shard shard : shards) {
                insertBacklog(shard.database(), BACKLOG_SECONDS * rate / shards.size());
            }
            Duration duration = warmUp(options).plus(options.roundDuration().multipliedBy(options.rounds()));
            CompletableFuture<Void> load = CompletableFuture.runAsync(() -> send(posts, rate, duration));
            ScaleOutMeasurement measurement = measureRounds(label, calls, nodes, shards);
            load.get();
            if (sizes) {
                awaitEnded(shards.get(0).database());
                report.setSizes(TableSizes.read(shards.get(0).database()::query));
            }
            return measurement.withRejected(posts.rejected());
        } finally {
            for (BenchmarkNode node : nodes) {
                node.close();
            }
        }
    }

    private ScaleOutMeasurement measureRounds(String label, int calls, List<BenchmarkNode> nodes, List<Shard> shards)
            throws Exception {
        Thread.sleep(warmUp(options).toMillis());
        shards.get(0).database().resetStatements();
        List<ScaleOutMeasurement.Counters> counters = new ArrayList<>(List.of(count(nodes, shards)));
        for (int round = 0; round < options.rounds(); round++) {
            Thread.sleep(options.roundDuration().toMillis());
            counters.add(count(nodes, shards));
        }
        long statements = shards.get(0).database().statements().calls();
        List<Double> rates = new ArrayList<>();
        int completed = 0;
        for (int round = 0; round < options.rounds(); round++) {
            String from = counters.get(round).time();
            String to = counters.get(round + 1).time();
            int count = 0;
            for (Shard shard : shards) {
                count += Integer.parseInt(shard.database()
                        .query("SELECT count(*) FROM generations WHERE completed_at > to_timestamp(" + from
                                + ") AND completed_at <= to_timestamp(" + to + ")")
                        .get(0));
            }
            completed += count;
            rates.add(count / (Double.parseDouble(to) - Double.parseDouble(from)));
        }
        return ScaleOutMeasurement.between(
                counters.get(0),
                counters.get(options.rounds()),
                label,
                nodes.size(),
                calls,
                rates,
                statements,
                completed);
    }

    static Duration warmUp(BenchmarkOptions options) {
        return options.roundDuration().multipliedBy(WARM_UP_ROUNDS);
    }

    /** Returns submissions of all users to all processes in turn. Processes that compile their code may reject some. */
    private static ConstantRateLoad posts(List<BenchmarkNode> nodes, List<Shard> shards) {
        String json = PromptWorkload.typical().json();
        return new ConstantRateLoad(i -> post(nodes, shards, json, i), true);
    }

    private static void send(ConstantRateLoad posts, int rate, Duration duration) {
        try {
            posts.send(rate, duration);
        } catch (IOException | InterruptedException e) {
            throw new CompletionException(e);
        }
    }

    private static HttpRequest post(List<BenchmarkNode> nodes, List<Shard> shards, String json, int number) {
        int process = number % nodes.size();
        Shard shard = shards.get(process % shards.size());
        // Consecutive requests are those of different users.
        return ConstantRateLoad.post(
                nodes.get(process).port(),
                ApiBenchmark.GENERATION,
                json,
                shard.users().authorizationHeader(number));
    }

    private static void insertBacklog(ApiBenchmarkDatabase database, int count) throws SQLException {
        database.execute(JobQueueContender.ofDarkroom(List.of(), Map.of())
                .insertJobsSql()
                .formatted(1, count));
    }

    private static ScaleOutMeasurement.Counters count(List<BenchmarkNode> nodes, List<Shard> shards) throws Exception {
        ApiBenchmarkDatabase database = shards.get(0).database();
        Duration own = Duration.ZERO;
        for (BenchmarkNode node : nodes) {
            own = own.plus(node.process().cpu());
        }
        return new ScaleOutMeasurement.Counters(
                database.query("SELECT extract(epoch FROM clock_timestamp())").get(0),
                own,
                database.cpuTime(),
                ProcessCpuTime.ofProcess(ProcessHandle.current()),
                number(database, "SELECT sum(xact_commit) FROM pg_stat_database"),
                number(database, "SELECT pg_current_wal_insert_lsn() - '0/0'"),
                number(database, "SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'"));
    }

    private static double number(ApiBenchmarkDatabase database, String sql) throws SQLException {
        return Double.parseDouble(database.query(sql).get(0));
    }

    private static void awaitEnded(ApiBenchmarkDatabase database) throws Exception {
        long end = System.nanoTime() + TIMEOUT.toNanos();
        while (!database.query("SELECT 1 FROM generation_queue LIMIT 1").isEmpty()) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("unfinished generations");
            }
            Thread.sleep(200);
        }
    }

    /** Deletes the images, and keeps the file that ties the directory to its database. */
    private static void deleteImages(Path images) throws IOException {
        try (Stream<Path> children = Files.list(images)) {
            for (Path child : children.filter(Files::isDirectory).toList()) {
                TestDirectories.delete(child);
            }
        }
    }
}
