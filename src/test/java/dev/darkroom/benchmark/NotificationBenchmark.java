package dev.darkroom.benchmark;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TcpProxy;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Measures memory and latency of event streams, compared with two streaming servers with the same clients, and writes
 * {@code target/notifications.md}. Run by {@code ./mvnw -q verify -Pnotifications}; described in
 * {@code docs/performance.md}.
 */
public final class NotificationBenchmark {
    private static final Path DIRECTORY = Path.of("target", "notifications").toAbsolutePath();
    private static final int STREAMS = 10_000;
    private static final int USERS = 1_000;
    private static final int CONCURRENCY = 50;
    private static final int MISSED_EVENTS = 1_000;

    /** Long enough for the LISTEN connection to detect the silence and to fail to reconnect. */
    private static final Duration LISTEN_FAILURE_DELAY = Duration.ofSeconds(15);

    private final int rounds = Integer.getInteger("benchmark.rounds", 3);
    private final Duration time = Duration.ofSeconds(Integer.getInteger("benchmark.seconds", 10));
    private final int eventsPerSecond = Integer.getInteger("benchmark.ends", 200);
    /** The part to run; empty for all. */
    private final String selectedPart = System.getProperty("benchmark.part", "");

    private final ApiBenchmarkDatabase database;
    private final StubAiServer aiServer;
    private final NotificationReport report;
    private BenchmarkUsers benchmarkUsers;

    private NotificationBenchmark(ApiBenchmarkDatabase database, StubAiServer aiServer) throws Exception {
        this.database = database;
        this.aiServer = aiServer;
        String machine = MachineDescription.describe(
                DIRECTORY, database.query("SHOW server_version").get(0));
        report = new NotificationReport(machine, STREAMS, USERS, eventsPerSecond, rounds);
    }

    public static void main(String[] args) throws Exception {
        new BenchmarkRun("notifications", DIRECTORY, List.of("track_commit_timestamp = on"))
                .run((database, aiServer) -> new NotificationBenchmark(database, aiServer).run());
        System.exit(0);
    }

    private String run() throws Exception {
        // Fails early when a peer is not installed.
        startNchan().close();
        startCentrifugo().close();
        // Creates the tables.
        startNode("first", 0, BenchmarkNode.DEFAULT_FLAGS, Map.of()).close();
        benchmarkUsers = new BenchmarkUsers(database, STREAMS);
        EventLatencyBenchmark latencyBenchmark =
                new EventLatencyBenchmark(database, benchmarkUsers, rounds, time, eventsPerSecond);
        ReconnectBenchmark reconnectBenchmark = new ReconnectBenchmark(database, benchmarkUsers);
        if (isSelected("memory")) {
            measureMemory();
        }
        if (isSelected("speed")) {
            measureLatency(latencyBenchmark);
        }
        if (isSelected("fan-out")) {
            measureFanOut(latencyBenchmark, reconnectBenchmark);
        }
        if (isSelected("return")) {
            try (BenchmarkNode node = startNode("replay", 0, BenchmarkNode.DEFAULT_FLAGS, Map.of())) {
                report.addReplay(MISSED_EVENTS, reconnectBenchmark.measureReplay(node, MISSED_EVENTS));
            }
            measureStorms(reconnectBenchmark, "at once", 0);
            measureStorms(reconnectBenchmark, "within five seconds", STREAMS / 5);
        }
        return report.render();
    }

    private boolean isSelected(String part) {
        return selectedPart.isEmpty() || selectedPart.equals(part);
    }

    private void measureMemory() throws Exception {
        for (int round = 0; round < rounds; round++) {
            try (BenchmarkNode node = startNode("small", 0, BenchmarkNode.SMALL_HEAP_FLAGS, Map.of())) {
                report.addMemory("Darkroom, serial collector, heap of 256 MB", measureIdle(node));
            }
            try (BenchmarkNode node = startNode("usual", 0, List.of("-Xmx512m"), Map.of())) {
                report.addMemory("Darkroom, G1, heap of 512 MB", measureIdle(node));
            }
            try (StreamingPeer peer = startNchan()) {
                report.addMemory(peer.name(), IdleStreamBenchmark.measure(peer, USERS, STREAMS));
            }
            try (StreamingPeer peer = startCentrifugo()) {
                report.addMemory(peer.name(), IdleStreamBenchmark.measure(peer, USERS, STREAMS));
            }
        }
    }

    private IdleStreamBenchmark.MemoryPerStream measureIdle(BenchmarkNode node) throws Exception {
        return IdleStreamBenchmark.measure(
                node, client -> benchmarkUsers.authorizationLine(client * USERS / STREAMS), STREAMS);
    }

    private void measureLatency(EventLatencyBenchmark benchmark) throws Exception {
        try (BenchmarkNode worker = startNode("worker", CONCURRENCY, BenchmarkNode.DEFAULT_FLAGS, Map.of())) {
            report.addLatency(
                    "Darkroom, from the commit",
                    "same node, just started",
                    benchmark.measureCold(worker, worker, USERS));
            report.addLatency("Darkroom, from the commit", "same node", benchmark.measureSteady(worker, worker, USERS));
            try (BenchmarkNode streamNode = startNode("streams", 0, BenchmarkNode.DEFAULT_FLAGS, Map.of())) {
                report.addLatency(
                        "Darkroom, from the commit",
                        "another node, by NOTIFY",
                        benchmark.measureSteady(worker, streamNode, USERS));
            }
            try (TcpProxy proxy =
                            new TcpProxy(database.url().host(), database.url().port());
                    BenchmarkNode withoutListen = startNode(
                            "without-listen",
                            0,
                            BenchmarkNode.DEFAULT_FLAGS,
                            Map.of("DARKROOM_DATABASE_DIRECT_URL", viaProxy(proxy)))) {
                proxy.blackhole();
                Thread.sleep(LISTEN_FAILURE_DELAY.toMillis());
                report.addLatency(
                        "Darkroom, from the commit",
                        "another node, NOTIFY lost",
                        benchmark.measureSteady(worker, withoutListen, USERS));
            }
        }
        try (StreamingPeer peer = startNchan()) {
            report.addLatency(peer.name() + ", from publishing", "same node", benchmark.measureSteady(peer, USERS));
        }
        try (StreamingPeer peer = startCentrifugo()) {
            report.addLatency(peer.name() + ", from publishing", "same node", benchmark.measureSteady(peer, USERS));
        }
    }

    private String viaProxy(TcpProxy proxy) {
        DatabaseUrl url = DarkroomFleet.throughProxy(proxy, database.url());
        return DarkroomInstanceSettings.urlOf(url);
    }

    private void measureFanOut(EventLatencyBenchmark benchmark, ReconnectBenchmark reconnectBenchmark)
            throws Exception {
        String streams = "%,d streams of one user or channel".formatted(STREAMS);
        try (BenchmarkNode node = startNode("fan-out", CONCURRENCY, BenchmarkNode.DEFAULT_FLAGS, Map.of())) {
            report.addFanOut("Darkroom", streams, benchmark.measureUserFanOut(node, STREAMS));
            List<LatencyQuantiles> latencies = new ArrayList<>();
            for (int round = 0; round < rounds; round++) {
                latencies.add(reconnectBenchmark.measureReplayToManyUsers(node, STREAMS));
            }
            report.addFanOut("Darkroom", "one each to %,d users, found by the poll".formatted(STREAMS), latencies);
        }
        try (StreamingPeer peer = startNchan()) {
            report.addFanOut(peer.name(), streams, benchmark.measureChannelFanOut(peer, STREAMS));
        }
        try (StreamingPeer peer = startCentrifugo()) {
            report.addFanOut(peer.name(), streams, benchmark.measureChannelFanOut(peer, STREAMS));
        }
    }

    private void measureStorms(ReconnectBenchmark reconnectBenchmark, String pace, int connectsPerSecond)
            throws Exception {
        List<ReconnectBenchmark.StormResult> storms = new ArrayList<>();
        try (BenchmarkNode survivor = startNode("survivor", 0, BenchmarkNode.DEFAULT_FLAGS, Map.of())) {
            reconnectBenchmark.warmUp(survivor);
            for (int round = 0; round < rounds; round++) {
                try (BenchmarkNode killed = startNode("killed", 0, BenchmarkNode.DEFAULT_FLAGS, Map.of())) {
                    reconnectBenchmark.warmUp(killed);
                    storms.add(reconnectBenchmark.measureStorm(killed, survivor, STREAMS, connectsPerSecond));
                }
            }
        }
        report.addStorm(pace, storms);
    }

    private BenchmarkNode startNode(String name, int workers, List<String> flags, Map<String, String> settings)
            throws IOException, InterruptedException {
        return new BenchmarkNode(DIRECTORY, name, database, aiServer, workers, flags, settings);
    }

    private static StreamingPeer startNchan() throws IOException, InterruptedException {
        return new NchanPeer(DIRECTORY.resolve("nchan"), STREAMS);
    }

    private static StreamingPeer startCentrifugo() throws IOException, InterruptedException {
        return new CentrifugoPeer(DIRECTORY.resolve("centrifugo"));
    }
}
