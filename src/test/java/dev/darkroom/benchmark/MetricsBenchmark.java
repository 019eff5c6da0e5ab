package dev.darkroom.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Compares requests to a service with metrics with those to the same service without any. */
final class MetricsBenchmark {
    /** Number of waiting and of ended generations that are read. */
    private static final int READ = 2_000;

    private static final Path DIRECTORY = Path.of("target", "metrics-benchmark").toAbsolutePath();

    private final BenchmarkOptions options;
    private final ApiBenchmarkDatabase database;
    private final StubAiServer aiServer;

    private MetricsBenchmark(BenchmarkOptions options, ApiBenchmarkDatabase database, StubAiServer aiServer) {
        this.options = options;
        this.database = database;
        this.aiServer = aiServer;
    }

    /** Runs the benchmark and returns the workloads that exceed the permitted allocation with metrics. */
    static List<String> run(BenchmarkOptions options) throws Exception {
        List<String> exceeded = new ArrayList<>();
        new BenchmarkRun("metrics", DIRECTORY).run(options, (database, aiServer) -> {
            MetricsReport report = new MetricsBenchmark(options, database, aiServer).measure();
            exceeded.addAll(report.findExceeded());
            return report;
        });
        return exceeded;
    }

    private MetricsReport measure() throws Exception {
        String machine = MachineDescription.describe(
                DIRECTORY, database.query("SHOW server_version").get(0));
        MetricsReport report = new MetricsReport(machine, ApiBenchmark.CONNECTIONS, options);
        report.add(MeterCost.ofRequest());
        report.add(MeterCost.ofMessage());
        try (JavaProcess with = start("with");
                JavaProcess without = start(MeteredServer.WITHOUT)) {
            report.add(InterleavedComparison.run(
                    "POST",
                    List.of(posts("with metrics", with), posts("without", without)),
                    options,
                    database,
                    () -> database.truncate(ApiBenchmarkDatabase.TABLES)));
            ClosedLoopHttpLoad.ofPost(DarkroomProcess.portOf(with), PromptWorkload.typical())
                    .send(ApiBenchmark.CONNECTIONS, READ);
            List<String> ids = database.query("SELECT id FROM generations LIMIT " + READ);
            Collections.shuffle(ids, new Random(1));
            database.execute("VACUUM ANALYZE");
            report.add(InterleavedComparison.run(
                    "GET, waiting",
                    List.of(gets("with metrics", with, ids), gets("without", without, ids)),
                    options,
                    database,
                    () -> {}));
        }
        return report;
    }

    private JavaProcess start(String metrics) throws IOException, InterruptedException {
        Map<String, String> environment = new HashMap<>(DarkroomProcess.settings(database, aiServer));
        // Nothing runs the generations, so that only requests cost processor time.
        environment.put("DARKROOM_NODE_ROLES", "api, notifier");
        return JavaProcess.start(
                DIRECTORY.resolve(metrics),
                DarkroomProcess.FLAGS,
                List.of("-cp", System.getProperty("java.class.path"), MeteredServer.class.getName(), metrics),
                environment,
                "Try it");
    }

    private static ComparedSystem posts(String name, JavaProcess service) {
        return system(
                name, service, ClosedLoopHttpLoad.ofPost(DarkroomProcess.portOf(service), PromptWorkload.typical()));
    }

    private static ComparedSystem gets(String name, JavaProcess service, List<String> ids) {
        return system(
                name,
                service,
                ClosedLoopHttpLoad.ofGets(DarkroomProcess.portOf(service), ApiBenchmark.GENERATION + "/", ids));
    }

    private static ComparedSystem system(String name, JavaProcess service, ClosedLoopHttpLoad load) {
        return new ComparedSystem(
                name, SystemRole.DARKROOM, service, duration -> load.run(ApiBenchmark.CONNECTIONS, duration));
    }
}
