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
 * Measures the packaged jar beside what it is built on, all in one run on one machine, and writes
 * {@code target/benchmark.md}. Run by {@code ./mvnw -q verify -Pbenchmark}; {@code docs/performance.md} explains it.
 */
public final class Benchmark {
    /** Requests under way at once. */
    private static final int CALLERS = 32;

    private static final int WAITING = 500;
    private static final int WAITERS = 5_000;
    private static final Duration SETTLED = Duration.ofSeconds(5);
    private static final Duration WATCHED = Duration.ofSeconds(15);
    private static final int IDLE_CALLS = 150;
    private static final int IDLE_WARM_UP = 150;
    private static final String GENERATION = "/api/generation";
    private static final Path DIRECTORY = Path.of("target", "benchmark").toAbsolutePath();
    private static final List<String> FLAGS =
            List.of("-Xms512m", "-Xmx512m", "-Dvertx.cacheDirBase=" + DIRECTORY.resolve("vertx-cache"));

    private final int rounds = Integer.getInteger("benchmark.rounds", 5);
    private final Duration time = Duration.ofSeconds(Integer.getInteger("benchmark.seconds", 4));
    private final BenchmarkDatabase database;
    private final Arrivals aiServer;
    private final Report report = new Report(CALLERS, rounds, time);

    private Benchmark(BenchmarkDatabase database, Arrivals aiServer) {
        this.database = database;
        this.aiServer = aiServer;
    }

    public static void main(String[] args) throws Exception {
        new Measurement("benchmark", DIRECTORY).run((database, aiServer) -> new Benchmark(database, aiServer).run());
    }

    private String run() throws Exception {
        report.machine(Machine.describe(
                DIRECTORY, database.query("SHOW server_version").get(0)));
        try (JavaProcess service = service("accepting", Map.of("DARKROOM_WORKER_CONCURRENCY", "0"))) {
            int port = portOf(service);
            database.execute(InsertLoad.TABLE);
            posts(service, port);
            try (JavaProcess bare = bareServer()) {
                idle();
                gets(service, port, bare);
            }
        }
        waiters();
        return report.text();
    }

    private void posts(JavaProcess service, int port) throws Exception {
        Side usual = posts(service, port, Prompts.usual(), rounds, true);
        report.profile("POST", profile(service, "post", usual));
        posts(service, port, Prompts.largest(), Math.min(rounds, 3), false);
        emptyTables();
    }

    private Side posts(JavaProcess service, int port, Prompts prompts, int count, boolean judged) throws Exception {
        byte[] request = HttpLoad.post(GENERATION, prompts.json());
        HttpLoad load = new HttpLoad(port, List.of(request), 202);
        String name = "POST, " + prompts.name() + ", " + prompts.json().length() + " bytes";
        Side posts = new Side("Darkroom", service, duration -> load.run(CALLERS, duration));
        try (InsertLoad inserts = new InsertLoad(databaseSettings(), prompts.request())) {
            Side inserting = new Side("INSERT", null, duration -> inserts.run(CALLERS, duration));
            report.comparison(
                    Comparison.run(name, List.of(posts, inserting), count, time, database, this::emptyTables));
        }
        if (judged) {
            pgbench(prompts, 4);
            pgbench(prompts, CALLERS);
        }
        return posts;
    }

    /** A judge of our own inserts who does not know us. */
    private void pgbench(Prompts prompts, int clients) throws Exception {
        List<Double> rates = new ArrayList<>();
        for (int i = 0; i < Math.min(rounds, 3); i++) {
            emptyTables();
            OptionalDouble rate = PgBench.rate(DIRECTORY, database.url(), prompts.request(), clients, time);
            rate.ifPresent(rates::add);
        }
        if (!rates.isEmpty()) {
            report.pgbench(clients, Spread.of(rates));
        }
    }

    /** Every round of writing begins alike, with nothing to clean up after the last one. */
    private void emptyTables() throws Exception {
        database.empty(BenchmarkDatabase.TABLES, "benchmark_generations");
    }

    /** One POST at a time: how soon the AI server is asked, and what is left behind are generations that have ended. */
    private void idle() throws Exception {
        try (JavaProcess service = service("working", Map.of())) {
            byte[] request = HttpLoad.post(GENERATION, Prompts.usual().json());
            HttpLoad load = new HttpLoad(portOf(service), List.of(request), 202);
            List<Double> answered = new ArrayList<>();
            List<Double> asked = new ArrayList<>();
            for (int i = 0; i < IDLE_WARM_UP + IDLE_CALLS; i++) {
                long start = System.nanoTime();
                Round post = load.run(1, Duration.ZERO);
                long arrived = aiServer.next();
                if (i >= IDLE_WARM_UP) {
                    answered.add(post.latencyMs(0));
                    asked.add((arrived - start) / 1e6);
                }
                awaitEmptyQueue();
            }
            report.idle(answered, asked);
        }
    }

    private void awaitEmptyQueue() throws Exception {
        do {
            Thread.sleep(15);
        } while (!database.query("SELECT 1 FROM generation_queue LIMIT 1").isEmpty());
    }

    private void gets(JavaProcess service, int port, JavaProcess bare) throws Exception {
        List<String> ended = database.query("SELECT id FROM generations WHERE status = 'COMPLETE'");
        HttpLoad posts = new HttpLoad(
                port, List.of(HttpLoad.post(GENERATION, Prompts.usual().json())), 202);
        for (int i = 0; i < WAITING; i++) {
            posts.run(1, Duration.ZERO);
        }
        List<String> waiting = database.query("SELECT id FROM generations WHERE status = 'PENDING'");
        database.execute("VACUUM ANALYZE");
        Side get = gets("GET, waiting", waiting, service, port, bare);
        report.profile("GET", profile(service, "get", get));
        gets("GET, ended", ended, service, port, bare);
    }

    /** Many who wait for what does not end: what they take, and what they ask of the database meanwhile. */
    private void waiters() throws Exception {
        emptyTables();
        try (JavaProcess service =
                service("waiting", Map.of("DARKROOM_WORKER_CONCURRENCY", "0", "DARKROOM_GENERATION_MAX_WAIT", "50s"))) {
            int port = portOf(service);
            new HttpLoad(port, List.of(HttpLoad.post(GENERATION, Prompts.usual().json())), 202)
                    .run(CALLERS, Duration.ofSeconds(10));
            List<String> ids = database.query("SELECT id FROM generations WHERE status = 'PENDING' LIMIT " + WAITERS);
            // Their first reading, and what is made ready with it, is not what waiting costs.
            warmUp(port, ids);
            long before = service.memoryBytes();
            int threads = service.threads();
            try (Waiters waiters = new Waiters(port, ids, 50)) {
                Thread.sleep(SETTLED.toMillis());
                long memory = service.memoryBytes() - before;
                Duration cpu = service.cpu();
                database.forgetStatements();
                Thread.sleep(WATCHED.toMillis());
                double statements = database.statements().calls() / (double) WATCHED.toSeconds();
                double busy = service.cpu().minus(cpu).toMillis() / (double) WATCHED.toMillis();
                if (waiters.answered() > 0 || ids.size() != WAITERS) {
                    throw new IllegalStateException("they did not wait");
                }
                report.waiters(WAITERS, memory / WAITERS, service.threads() - threads, statements, busy);
            }
        }
    }

    private static void warmUp(int port, List<String> ids) throws IOException {
        List<byte[]> requests =
                ids.stream().map(id -> HttpLoad.get(GENERATION + "/" + id)).toList();
        new HttpLoad(port, requests, 200).run(CALLERS, Duration.ofSeconds(5));
    }

    private Side gets(String title, List<String> ids, JavaProcess service, int port, JavaProcess bare)
            throws Exception {
        int length = lengthOfAnswer(port, ids.get(0));
        Side darkroom = side("Darkroom", service, port, ids, GENERATION + "/");
        int barePort = Integer.parseInt(bare.said("port (\\d+)"));
        Side select = side("bare handler, same SELECT", bare, barePort, ids, "/select/");
        Side constant = side("bare handler, constant", bare, barePort, List.of(String.valueOf(length)), "/constant/");
        report.comparison(Comparison.run(
                title + ", " + length + " bytes",
                List.of(darkroom, select, constant),
                rounds,
                time,
                database,
                () -> {}));
        return darkroom;
    }

    private static Side side(String name, JavaProcess process, int port, List<String> names, String path) {
        List<byte[]> requests =
                names.stream().map(each -> HttpLoad.get(path + each)).toList();
        HttpLoad load = new HttpLoad(port, requests, 200);
        return new Side(name, process, duration -> load.run(CALLERS, duration));
    }

    private static int lengthOfAnswer(int port, String id) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + port + GENERATION + "/" + id);
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofByteArray())
                .body()
                .length;
    }

    private Profile profile(JavaProcess service, String name, Side side) throws Exception {
        Path recording = DIRECTORY.resolve(name + ".jfr");
        service.record(recording, () -> side.load().run(time.multipliedBy(2)));
        return Profile.read(recording);
    }

    private JavaProcess service(String name, Map<String, String> settings) throws Exception {
        Map<String, String> environment = new HashMap<>(settings);
        environment.put("DARKROOM_DATABASE_URL", database.setting());
        environment.put("DARKROOM_BACKEND_URL", aiServer.url());
        environment.put("DARKROOM_HTTP_PORT", "0");
        // One user is all of them here.
        environment.put("DARKROOM_LIMITS_REQUESTS_PER_SECOND", "0");
        environment.put("DARKROOM_GENERATION_MAX_PENDING_PER_USER", "0");
        environment.put("DARKROOM_MANAGEMENT_PORT", "0");
        Path jar = Path.of("target", "darkroom.jar").toAbsolutePath();
        return JavaProcess.start(
                DIRECTORY.resolve(name), FLAGS, List.of("-jar", jar.toString()), environment, "Try it");
    }

    private static int portOf(JavaProcess service) {
        return Integer.parseInt(service.said("  API +http://[^:]+:(\\d+)/"));
    }

    private JavaProcess bareServer() throws Exception {
        return JavaProcess.start(
                DIRECTORY.resolve("bare"),
                FLAGS,
                List.of("-cp", System.getProperty("java.class.path"), BareServer.class.getName()),
                Map.of("DARKROOM_DATABASE_URL", database.setting()),
                "listening");
    }

    private Settings.Database databaseSettings() {
        return SettingsLoader.load(Map.of("DARKROOM_DATABASE_URL", database.setting()), DIRECTORY)
                .settings()
                .database();
    }
}
