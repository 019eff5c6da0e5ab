package dev.darkroom.benchmark;

import dev.darkroom.testing.SseLoadClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Latency of an idle service, and the costs of clients that only wait. All methods block. */
final class IdleServiceBenchmark {
    private static final int WAITERS = 5_000;
    private static final Duration SETTLE_TIME = Duration.ofSeconds(5);
    private static final Duration OBSERVATION_TIME = Duration.ofSeconds(15);
    private static final int CALLS = 100;
    /** Between two calls, so that signals of the previous generation do not delay those of the next one. */
    private static final Duration PAUSE = Duration.ofMillis(100);
    /** Generations before the measurement, for the JIT compiler. */
    private static final int WARM_UP = 10_000;

    private final Path directory;
    private final ApiBenchmarkDatabase database;
    private final StubAiServer aiServer;
    private final ApiBenchmarkReport report;

    IdleServiceBenchmark(
            Path directory, ApiBenchmarkDatabase database, StubAiServer aiServer, ApiBenchmarkReport report) {
        this.directory = directory;
        this.database = database;
        this.aiServer = aiServer;
        this.report = report;
    }

    /**
     * Measures one POST at a time until the AI server receives the call, and from the commit of the end to an event stream of the same
     * process and of another one. Leaves finished generations for later parts.
     *
     * @param other another process on the same database, without a worker
     */
    void measureLatency(JavaProcess other) throws Exception {
        try (JavaProcess service = DarkroomProcess.start(directory.resolve("working"), database, aiServer, Map.of());
                StreamBenchmarkClients sameNode = openStream(service);
                StreamBenchmarkClients otherNode = openStream(other)) {
            ClosedLoopHttpLoad load =
                    ClosedLoopHttpLoad.ofPost(DarkroomProcess.portOf(service), PromptWorkload.typical());
            List<Double> responseMs = new ArrayList<>();
            List<Double> aiCallMs = new ArrayList<>();
            load.send(ApiBenchmark.CONNECTIONS, WARM_UP);
            awaitEmptyQueue();
            int finished = Integer.parseInt(
                    database.query("SELECT count(*) FROM notifications").get(0));
            for (StreamBenchmarkClients stream : List.of(sameNode, otherNode)) {
                stream.awaitArrivals(finished);
                stream.clearArrivals();
            }
            aiServer.reset();
            for (int i = 0; i < CALLS; i++) {
                Thread.sleep(PAUSE.toMillis());
                awaitEmptyQueue();
                long start = System.nanoTime();
                LoadResult post = load.run(1, Duration.ZERO);
                long arrived = aiServer.awaitArrival();
                responseMs.add(post.latencyMs(0));
                aiCallMs.add((arrived - start) / 1e6);
            }
            report.addIdleLatency("POST to 202", LatencyQuantiles.of(responseMs));
            report.addIdleLatency("POST to AI call", LatencyQuantiles.of(aiCallMs));
            report.addIdleLatency("commit to event stream, same node", fromCommit(sameNode));
            report.addIdleLatency("commit to event stream, other node", fromCommit(otherNode));
        }
    }

    private static StreamBenchmarkClients openStream(JavaProcess node) throws InterruptedException {
        StreamBenchmarkClients stream =
                StreamBenchmarkClients.forDarkroom(1, (client, lastId) -> SseLoadClient.request(BenchmarkNode.STREAM));
        stream.open(DarkroomProcess.portOf(node), 0);
        return stream;
    }

    private LatencyQuantiles fromCommit(StreamBenchmarkClients stream) throws Exception {
        return EventLatency.fromCommit(database, stream.awaitArrivals(CALLS), client -> "local");
    }

    private void awaitEmptyQueue() throws Exception {
        do {
            Thread.sleep(15);
        } while (!database.query("SELECT 1 FROM generation_queue LIMIT 1").isEmpty());
    }

    /** Measures memory, CPU time and SQL statements of long polls for generations that do not finish. */
    void measureLongPolls() throws Exception {
        try (JavaProcess service = DarkroomProcess.start(
                directory.resolve("waiting"),
                database,
                aiServer,
                Map.of("DARKROOM_NODE_ROLES", "api, notifier", "DARKROOM_GENERATION_MAX_WAIT", "50s"))) {
            int port = DarkroomProcess.portOf(service);
            ClosedLoopHttpLoad.ofPost(port, PromptWorkload.typical()).send(ApiBenchmark.CONNECTIONS, WAITERS);
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
        ClosedLoopHttpLoad.ofGets(port, ApiBenchmark.GENERATION + "/", ids)
                .run(ApiBenchmark.CONNECTIONS, Duration.ofSeconds(5));
    }
}
