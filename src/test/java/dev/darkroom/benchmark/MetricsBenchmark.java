package dev.darkroom.benchmark;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Compares a service with metrics with the same service without any, in several groups of processes. */
final class MetricsBenchmark {
    /** Number of waiting generations that are read. */
    private static final int READ = 2_000;

    /** Requests of each kind to each service before its first round. */
    private static final int WARM_UP = 50_000;

    private static final int BRIEF_WARM_UP = 2_000;

    private static final Path DIRECTORY = Path.of("target", "metrics-benchmark").toAbsolutePath();

    private final BenchmarkOptions options;
    private final ApiBenchmarkDatabase database;
    private final StubAiServer aiServer;

    private MetricsBenchmark(BenchmarkOptions options, ApiBenchmarkDatabase database, StubAiServer aiServer) {
        this.options = options;
        this.database = database;
        this.aiServer = aiServer;
    }

    /** Runs the benchmark and returns the workloads with too high costs of metrics. */
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
        MetricsReport report = new MetricsReport(machine, options.rounds());
        report.add(MeterCost.ofRequest());
        report.add(MeterCost.ofMessage());
        for (int i = 0; i < options.rounds(); i++) {
            try (MeteredServices services = MeteredServices.start(DIRECTORY, database, aiServer, i)) {
                report.add("POST", measurePosts(services));
                report.add("GET, waiting", measureGets(services));
            }
            System.err.printf("group %d of %d%n%s", i + 1, options.rounds(), report.renderRatios());
        }
        return report;
    }

    private List<MeteredRound> measurePosts(MeteredServices services) throws Exception {
        return services.measure(
                port -> ClosedLoopHttpLoad.ofPost(port, PromptWorkload.typical()),
                warmUp(),
                () -> database.truncate(ApiBenchmarkDatabase.TABLES));
    }

    private List<MeteredRound> measureGets(MeteredServices services) throws Exception {
        database.truncate(ApiBenchmarkDatabase.TABLES);
        ClosedLoopHttpLoad.ofPost(services.port(), PromptWorkload.typical()).send(ApiBenchmark.CONNECTIONS, READ);
        List<String> ids = database.query("SELECT id FROM generations LIMIT " + READ);
        Collections.shuffle(ids, new Random(1));
        database.execute("VACUUM ANALYZE");
        return services.measure(
                port -> ClosedLoopHttpLoad.ofGets(port, ApiBenchmark.GENERATION + "/", ids), warmUp(), () -> {});
    }

    private int warmUp() {
        return options.brief() ? BRIEF_WARM_UP : WARM_UP;
    }
}
