package dev.darkroom.benchmark;

import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Compares the API of the packaged jar with a NestJS service and with physical limits, in one run on one machine. Described
 * in {@code docs/performance.md}.
 */
final class ApiBenchmark {
    /** Number of concurrent requests. */
    static final int CONNECTIONS = 32;

    static final String GENERATION = "/api/generation";

    static final String POST_USUAL = "POST, usual prompts";
    static final String POST_LONG = "POST, long prompts";
    static final String GET_WAITING = "GET, waiting";
    static final String GET_ENDED = "GET, ended";

    /** Number of waiting and of ended generations that are read. */
    private static final int READ = 2_000;

    private static final Path DIRECTORY = Path.of("target", "benchmark").toAbsolutePath();

    private final BenchmarkOptions options;
    private final ApiBenchmarkDatabase database;
    private final StubAiServer aiServer;
    private final ApiBenchmarkReport report;
    private final IdleServiceBenchmark idleService;
    private final Peers peers;

    private ApiBenchmark(BenchmarkOptions options, ApiBenchmarkDatabase database, StubAiServer aiServer) {
        this.options = options;
        this.database = database;
        this.aiServer = aiServer;
        this.report = new ApiBenchmarkReport(CONNECTIONS, options);
        this.idleService = new IdleServiceBenchmark(DIRECTORY, database, aiServer, report);
        this.peers = new Peers(database, aiServer, DIRECTORY.resolve("images"));
    }

    /** Runs the benchmark and returns the exceeded allocation limits. */
    static List<String> run(BenchmarkOptions options) throws Exception {
        List<String> exceeded = new ArrayList<>();
        new BenchmarkRun("benchmark", DIRECTORY, List.of("track_commit_timestamp = on"))
                .run(options, (database, aiServer) -> {
                    ApiBenchmark benchmark = new ApiBenchmark(options, database, aiServer);
                    benchmark.run();
                    exceeded.addAll(AllocationLimits.findExceeded(benchmark.report.allocatedKb()));
                    return benchmark.report;
                });
        return exceeded;
    }

    private void run() throws Exception {
        report.addMachine(MachineDescription.describe(
                DIRECTORY, database.query("SHOW server_version").get(0)));
        try (JavaProcess service = DarkroomProcess.start(
                DIRECTORY.resolve("accepting"), database, aiServer, Map.of("DARKROOM_NODE_ROLES", "api, notifier"))) {
            // Created after the start, since the service requires a schema of its own.
            peers.createTables();
            database.execute(DatabaseInsertLoad.TABLES);
            database.execute(PgBenchLoad.TABLE);
            try (ExternalProcess nest = peers.startNest(DIRECTORY.resolve("nestjs"))) {
                measurePosts(service, nest);
                emptyTables();
                idleService.measureLatency(service);
                measureGets(service, nest);
            }
        }
        if (!options.brief()) {
            emptyTables();
            idleService.measureLongPolls();
        }
    }

    private void measurePosts(JavaProcess service, ExternalProcess nest) throws Exception {
        ComparedSystem usual = measurePosts(POST_USUAL, PromptWorkload.typical(), service, nest);
        if (!options.brief()) {
            report.addProfile("POST", recordProfile(service, "post", usual));
        }
        measurePosts(POST_LONG, PromptWorkload.longPrompts(), service, nest);
    }

    private ComparedSystem measurePosts(
            String title, PromptWorkload workload, JavaProcess service, ExternalProcess nest) throws Exception {
        ComparedSystem darkroom = httpSystem(
                "Darkroom",
                SystemRole.DARKROOM,
                service,
                ClosedLoopHttpLoad.ofPost(DarkroomProcess.portOf(service), workload));
        List<ComparedSystem> systems = new ArrayList<>(List.of(
                darkroom,
                httpSystem("NestJS", SystemRole.PEER, nest, ClosedLoopHttpLoad.ofPost(portOf(nest), workload))));
        try (DatabaseInsertLoad inserts = new DatabaseInsertLoad(databaseSettings(), workload.request())) {
            systems.add(new ComparedSystem(
                    "two-row INSERT", SystemRole.LIMIT, null, duration -> inserts.run(CONNECTIONS, duration)));
            if (title.equals(POST_USUAL) && !options.brief() && PgBenchLoad.isInstalled()) {
                PgBenchLoad pgbench = new PgBenchLoad(DIRECTORY, database.url());
                systems.add(new ComparedSystem(
                        "pgbench, smallest row",
                        SystemRole.LIMIT,
                        null,
                        duration -> pgbench.run(CONNECTIONS, duration)));
            }
            report.addComparison(
                    InterleavedComparison.run(title, systems, options, database, this::emptyTables),
                    workload.json().length());
        }
        return darkroom;
    }

    /** Empties the tables, so that every round of writes starts with the same state. */
    private void emptyTables() throws Exception {
        database.truncate(
                ApiBenchmarkDatabase.TABLES,
                "benchmark_generations",
                "benchmark_queue",
                "benchmark_smallest",
                "nest_generations");
    }

    private void measureGets(JavaProcess service, ExternalProcess nest) throws Exception {
        ClosedLoopHttpLoad.ofPost(DarkroomProcess.portOf(service), PromptWorkload.typical())
                .send(CONNECTIONS, READ);
        database.execute("""
                INSERT INTO nest_generations (user_id, prompt, negative_prompt, width, height, image_count, seed, metadata, status,
                  attempts, attempt_started_at, image, image_bytes, created_at, completed_at)
                SELECT user_id, prompt, negative_prompt, width, height, image_count, seed, metadata, status,
                  CASE status WHEN 'COMPLETE' THEN 1 ELSE 0 END, completed_at, '/images/00/1', 1, created_at, completed_at
                FROM generations""");
        database.execute("VACUUM ANALYZE");
        try (JavaProcess baseline = startBaselineServer()) {
            ComparedSystem waiting = measureGets(GET_WAITING, "PENDING", service, nest, baseline);
            if (!options.brief()) {
                report.addProfile("GET", recordProfile(service, "get", waiting));
            }
            measureGets(GET_ENDED, "COMPLETE", service, nest, baseline);
        }
    }

    private ComparedSystem measureGets(
            String title, String status, JavaProcess service, ExternalProcess nest, JavaProcess baseline)
            throws Exception {
        List<String> ids = findIds("generations", status);
        String path = GENERATION + "/";
        int port = DarkroomProcess.portOf(service);
        int length = responseLength(port, ids.get(0));
        int baselinePort = Integer.parseInt(baseline.outputValue(Peers.PORT));
        ComparedSystem darkroom =
                httpSystem("Darkroom", SystemRole.DARKROOM, service, ClosedLoopHttpLoad.ofGets(port, path, ids));
        List<ComparedSystem> systems = List.of(
                darkroom,
                httpSystem(
                        "NestJS",
                        SystemRole.PEER,
                        nest,
                        ClosedLoopHttpLoad.ofGets(portOf(nest), path, findIds("nest_generations", status))),
                httpSystem(
                        "bare handler, primary key",
                        SystemRole.LIMIT,
                        baseline,
                        ClosedLoopHttpLoad.ofGets(baselinePort, VertxBaselineServer.SELECT, ids)),
                httpSystem(
                        "bare handler, constant",
                        SystemRole.LIMIT,
                        baseline,
                        ClosedLoopHttpLoad.ofGets(
                                baselinePort, VertxBaselineServer.CONSTANT, List.of(String.valueOf(length)))));
        report.addComparison(InterleavedComparison.run(title, systems, options, database, () -> {}), length);
        return darkroom;
    }

    /** Returns up to {@link #READ} ids in random order. */
    private List<String> findIds(String table, String status) throws Exception {
        List<String> ids =
                database.query("SELECT id FROM %s WHERE status = '%s' LIMIT %d".formatted(table, status, READ));
        Collections.shuffle(ids, new Random(1));
        return ids;
    }

    private static ComparedSystem httpSystem(
            String name, SystemRole role, MeasuredProcess process, ClosedLoopHttpLoad load) {
        return new ComparedSystem(name, role, process, duration -> load.run(CONNECTIONS, duration));
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
        service.recordProfile(
                recording,
                () -> comparedSystem.load().run(options.roundDuration().multipliedBy(2)));
        return JfrProfile.read(recording);
    }

    private static int portOf(ExternalProcess peer) {
        return Integer.parseInt(peer.outputValue(Peers.PORT));
    }

    private JavaProcess startBaselineServer() throws Exception {
        return JavaProcess.start(
                DIRECTORY.resolve("baseline"),
                DarkroomProcess.FLAGS,
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
