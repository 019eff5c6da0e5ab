package dev.darkroom.benchmark;

import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Compares the API of the packaged jar with plain Vert.x and plain SQL, in one run on one machine, and writes
 * {@code target/benchmark.md}. Run by {@code ./mvnw -q verify -Pbenchmark}; described in {@code docs/performance.md}.
 */
public final class ApiBenchmark {
    /** Number of concurrent requests. */
    private static final int CONNECTIONS = 32;

    private static final int QUEUED = 500;
    private static final int WAITERS = 5_000;
    private static final Duration SETTLE_TIME = Duration.ofSeconds(5);
    private static final Duration OBSERVATION_TIME = Duration.ofSeconds(15);
    private static final int IDLE_CALLS = 150;
    private static final int IDLE_WARM_UP = 150;
    private static final String GENERATION = "/api/generation";
    private static final Path DIRECTORY = Path.of("target", "benchmark").toAbsolutePath();
    private static final List<String> FLAGS =
            List.of("-Xms512m", "-Xmx512m", "-Dvertx.cacheDirBase=" + DIRECTORY.resolve("vertx-cache"));

    private final int rounds = Integer.getInteger("benchmark.rounds", 5);
    private final Duration roundDuration = Duration.ofSeconds(Integer.getInteger("benchmark.seconds", 4));
    private final ApiBenchmarkDatabase database;
    private final StubAiServer aiServer;
    private final ApiBenchmarkReport report = new ApiBenchmarkReport(CONNECTIONS, rounds, roundDuration);

    private ApiBenchmark(ApiBenchmarkDatabase database, StubAiServer aiServer) {
        this.database = database;
        this.aiServer = aiServer;
    }

    public static void main(String[] args) throws Exception {
        new BenchmarkRun("benchmark", DIRECTORY)
                .run((database, aiServer) -> new ApiBenchmark(database, aiServer).run());
    }

    private String run() throws Exception {
        report.addMachine(MachineDescription.describe(
                DIRECTORY, database.query("SHOW server_version").get(0)));
        try (JavaProcess service = startService("accepting", Map.of("DARKROOM_WORKER_CONCURRENCY", "0"))) {
            int port = portOf(service);
            database.execute(DatabaseInsertLoad.TABLE);
            measurePosts(service, port);
            try (JavaProcess baseline = startBaselineServer()) {
                measureIdleLatency();
                measureGets(service, port, baseline);
            }
        }
        measureLongPolls();
        return report.render();
    }

    private void measurePosts(JavaProcess service, int port) throws Exception {
        ComparedSystem typical = measurePosts(service, port, PromptWorkload.typical(), rounds, true);
        report.addProfile("POST", recordProfile(service, "post", typical));
        measurePosts(service, port, PromptWorkload.maximum(), Math.min(rounds, 3), false);
        emptyTables();
    }

    private ComparedSystem measurePosts(
            JavaProcess service, int port, PromptWorkload workload, int count, boolean withPgBench) throws Exception {
        byte[] request = ClosedLoopHttpLoad.post(GENERATION, workload.json());
        ClosedLoopHttpLoad load = new ClosedLoopHttpLoad(port, List.of(request), 202);
        String name = "POST, " + workload.name() + ", " + workload.json().length() + " bytes";
        ComparedSystem darkroom = new ComparedSystem("Darkroom", service, duration -> load.run(CONNECTIONS, duration));
        try (DatabaseInsertLoad inserts = new DatabaseInsertLoad(databaseSettings(), workload.request())) {
            ComparedSystem inserting =
                    new ComparedSystem("INSERT", null, duration -> inserts.run(CONNECTIONS, duration));
            report.addComparison(InterleavedComparison.run(
                    name, List.of(darkroom, inserting), count, roundDuration, database, this::emptyTables));
        }
        if (withPgBench) {
            measurePgbench(workload, 4);
            measurePgbench(workload, CONNECTIONS);
        }
        return darkroom;
    }

    /** Measures the same inserts with pgbench, as an independent check of {@link DatabaseInsertLoad}. */
    private void measurePgbench(PromptWorkload workload, int clients) throws Exception {
        List<Double> rates = new ArrayList<>();
        for (int i = 0; i < Math.min(rounds, 3); i++) {
            emptyTables();
            OptionalDouble rate =
                    PgBenchRunner.measureRate(DIRECTORY, database.url(), workload.request(), clients, roundDuration);
            rate.ifPresent(rates::add);
        }
        if (!rates.isEmpty()) {
            report.addPgBench(clients, MedianWithRange.of(rates));
        }
    }

    /** Empties the tables, so that every round of writes starts with the same state. */
    private void emptyTables() throws Exception {
        database.truncate(ApiBenchmarkDatabase.TABLES, "benchmark_generations");
    }

    /** Measures one POST at a time until the AI server receives the call. Leaves finished generations for later parts. */
    private void measureIdleLatency() throws Exception {
        try (JavaProcess service = startService("working", Map.of())) {
            byte[] request =
                    ClosedLoopHttpLoad.post(GENERATION, PromptWorkload.typical().json());
            ClosedLoopHttpLoad load = new ClosedLoopHttpLoad(portOf(service), List.of(request), 202);
            List<Double> responseMs = new ArrayList<>();
            List<Double> aiCallMs = new ArrayList<>();
            for (int i = 0; i < IDLE_WARM_UP + IDLE_CALLS; i++) {
                long start = System.nanoTime();
                LoadResult post = load.run(1, Duration.ZERO);
                long arrived = aiServer.awaitArrival();
                if (i >= IDLE_WARM_UP) {
                    responseMs.add(post.latencyMs(0));
                    aiCallMs.add((arrived - start) / 1e6);
                }
                awaitEmptyQueue();
            }
            report.addIdleLatency(responseMs, aiCallMs);
        }
    }

    private void awaitEmptyQueue() throws Exception {
        do {
            Thread.sleep(15);
        } while (!database.query("SELECT 1 FROM generation_queue LIMIT 1").isEmpty());
    }

    private void measureGets(JavaProcess service, int port, JavaProcess baseline) throws Exception {
        List<String> finished = database.query("SELECT id FROM generations WHERE status = 'COMPLETE'");
        ClosedLoopHttpLoad posts = new ClosedLoopHttpLoad(
                port,
                List.of(ClosedLoopHttpLoad.post(
                        GENERATION, PromptWorkload.typical().json())),
                202);
        for (int i = 0; i < QUEUED; i++) {
            posts.run(1, Duration.ZERO);
        }
        List<String> waiting = database.query("SELECT id FROM generations WHERE status = 'PENDING'");
        database.execute("VACUUM ANALYZE");
        ComparedSystem get = measureGets("GET, waiting", waiting, service, port, baseline);
        report.addProfile("GET", recordProfile(service, "get", get));
        measureGets("GET, ended", finished, service, port, baseline);
    }

    /** Measures memory, CPU time and SQL statements of long polls for generations that do not finish. */
    private void measureLongPolls() throws Exception {
        emptyTables();
        try (JavaProcess service = startService(
                "waiting", Map.of("DARKROOM_WORKER_CONCURRENCY", "0", "DARKROOM_GENERATION_MAX_WAIT", "50s"))) {
            int port = portOf(service);
            new ClosedLoopHttpLoad(
                            port,
                            List.of(ClosedLoopHttpLoad.post(
                                    GENERATION, PromptWorkload.typical().json())),
                            202)
                    .run(CONNECTIONS, Duration.ofSeconds(10));
            List<String> ids = database.query("SELECT id FROM generations WHERE status = 'PENDING' LIMIT " + WAITERS);
            // The first read of a generation and its initialization are not part of the costs of waiting.
            warmUp(port, ids);
            long before = service.memoryBytes();
            int threadsBefore = service.threads();
            try (LongPollClients longPollClients = new LongPollClients(port, ids, 50)) {
                Thread.sleep(SETTLE_TIME.toMillis());
                long memory = service.memoryBytes() - before;
                Duration cpuBefore = service.cpu();
                database.resetStatements();
                Thread.sleep(OBSERVATION_TIME.toMillis());
                double statements = database.statements().calls() / (double) OBSERVATION_TIME.toSeconds();
                double busyCores = service.cpu().minus(cpuBefore).toMillis() / (double) OBSERVATION_TIME.toMillis();
                if (longPollClients.responseCount() > 0 || ids.size() != WAITERS) {
                    throw new IllegalStateException("not all long polls are waiting");
                }
                report.addLongPolls(
                        WAITERS, memory / WAITERS, service.threads() - threadsBefore, statements, busyCores);
            }
        }
    }

    private static void warmUp(int port, List<String> ids) throws IOException {
        List<byte[]> requests = ids.stream()
                .map(id -> ClosedLoopHttpLoad.get(GENERATION + "/" + id))
                .toList();
        new ClosedLoopHttpLoad(port, requests, 200).run(CONNECTIONS, Duration.ofSeconds(5));
    }

    private ComparedSystem measureGets(
            String title, List<String> ids, JavaProcess service, int port, JavaProcess baseline) throws Exception {
        int length = responseLength(port, ids.get(0));
        ComparedSystem darkroom = getSystem("Darkroom", service, port, ids, GENERATION + "/");
        int baselinePort = Integer.parseInt(baseline.outputValue("port (\\d+)"));
        ComparedSystem select = getSystem("bare handler, same SELECT", baseline, baselinePort, ids, "/select/");
        ComparedSystem constant = getSystem(
                "bare handler, constant", baseline, baselinePort, List.of(String.valueOf(length)), "/constant/");
        report.addComparison(InterleavedComparison.run(
                title + ", " + length + " bytes",
                List.of(darkroom, select, constant),
                rounds,
                roundDuration,
                database,
                () -> {}));
        return darkroom;
    }

    private static ComparedSystem getSystem(
            String name, JavaProcess process, int port, List<String> names, String path) {
        List<byte[]> requests =
                names.stream().map(each -> ClosedLoopHttpLoad.get(path + each)).toList();
        ClosedLoopHttpLoad load = new ClosedLoopHttpLoad(port, requests, 200);
        return new ComparedSystem(name, process, duration -> load.run(CONNECTIONS, duration));
    }

    private static int responseLength(int port, String id) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + port + GENERATION + "/" + id);
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofByteArray())
                .body()
                .length;
    }

    private JfrProfile recordProfile(JavaProcess service, String name, ComparedSystem comparedSystem) throws Exception {
        Path recording = DIRECTORY.resolve(name + ".jfr");
        service.recordProfile(recording, () -> comparedSystem.load().run(roundDuration.multipliedBy(2)));
        return JfrProfile.read(recording);
    }

    private JavaProcess startService(String name, Map<String, String> settings) throws Exception {
        Map<String, String> environment = new HashMap<>(settings);
        environment.put("DARKROOM_DATABASE_URL", database.urlSetting());
        environment.put("DARKROOM_BACKEND_URL", aiServer.url());
        environment.put("DARKROOM_HTTP_PORT", "0");
        // All requests belong to one user.
        environment.put("DARKROOM_LIMITS_REQUESTS_PER_SECOND", "0");
        environment.put("DARKROOM_GENERATION_MAX_PENDING_PER_USER", "0");
        environment.put("DARKROOM_MANAGEMENT_PORT", "0");
        Path jar = Path.of("target", "darkroom.jar").toAbsolutePath();
        return JavaProcess.start(
                DIRECTORY.resolve(name), FLAGS, List.of("-jar", jar.toString()), environment, "Try it");
    }

    private static int portOf(JavaProcess service) {
        return Integer.parseInt(service.outputValue("  API +http://[^:]+:(\\d+)/"));
    }

    private JavaProcess startBaselineServer() throws Exception {
        return JavaProcess.start(
                DIRECTORY.resolve("baseline"),
                FLAGS,
                List.of("-cp", System.getProperty("java.class.path"), VertxBaselineServer.class.getName()),
                Map.of("DARKROOM_DATABASE_URL", database.urlSetting()),
                "listening");
    }

    private Settings.Database databaseSettings() {
        return SettingsLoader.load(Map.of("DARKROOM_DATABASE_URL", database.urlSetting()), DIRECTORY)
                .settings()
                .database();
    }
}
