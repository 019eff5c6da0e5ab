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
 * Measures what event streams cost and how soon users are told, beside two streaming servers with the same clients, and writes
 * {@code target/notifications.md}. Run by {@code ./mvnw -q verify -Pnotifications}; {@code docs/performance.md} explains it.
 */
public final class NotificationBenchmark {
    private static final Path DIRECTORY = Path.of("target", "notifications").toAbsolutePath();
    private static final int STREAMS = 10_000;
    private static final int USERS = 1_000;
    private static final int CONCURRENCY = 50;
    private static final int MISSED = 1_000;

    /** Longer than a connection for hints takes to notice that it hears nothing, and to try in vain. */
    private static final Duration PROXY_DELAY = Duration.ofSeconds(15);

    private final int rounds = Integer.getInteger("benchmark.rounds", 3);
    private final Duration time = Duration.ofSeconds(Integer.getInteger("benchmark.seconds", 10));
    private final int eventsPerSecond = Integer.getInteger("benchmark.ends", 200);
    /** Empty for all of them. */
    private final String parts = System.getProperty("benchmark.part", "");

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
    }

    private String run() throws Exception {
        // A tool that is missing is said now, not after ten minutes.
        startNchan().close();
        startCentrifugo().close();
        // Makes the tables.
        startNode("first", 0, BenchmarkNode.DEFAULT_FLAGS, Map.of()).close();
        benchmarkUsers = new BenchmarkUsers(database, STREAMS);
        EventLatencyBenchmark speed =
                new EventLatencyBenchmark(database, benchmarkUsers, rounds, time, eventsPerSecond);
        ReconnectBenchmark reconnectBenchmark = new ReconnectBenchmark(database, benchmarkUsers);
        if (isWanted("memory")) {
            measureMemory();
        }
        if (isWanted("speed")) {
            speed(speed);
        }
        if (isWanted("fan-out")) {
            measureFanOut(speed, reconnectBenchmark);
        }
        if (isWanted("return")) {
            try (BenchmarkNode node = startNode("replay", 0, BenchmarkNode.DEFAULT_FLAGS, Map.of())) {
                report.addReplay(MISSED, reconnectBenchmark.measureReplay(node, MISSED));
            }
            storms(reconnectBenchmark, "at once", 0);
            storms(reconnectBenchmark, "within five seconds", STREAMS / 5);
        }
        return report.text();
    }

    private boolean isWanted(String part) {
        return parts.isEmpty() || parts.equals(part);
    }

    private void measureMemory() throws Exception {
        for (int round = 0; round < rounds; round++) {
            try (BenchmarkNode node = startNode("small", 0, BenchmarkNode.SMALL_HEAP_FLAGS, Map.of())) {
                report.memory("Darkroom, serial collector, heap of 256 MB", measureIdle(node));
            }
            try (BenchmarkNode node = startNode("usual", 0, List.of("-Xmx512m"), Map.of())) {
                report.memory("Darkroom, G1, heap of 512 MB", measureIdle(node));
            }
            try (StreamingPeer peer = startNchan()) {
                report.memory(peer.name(), IdleStreamBenchmark.measure(peer, USERS, STREAMS));
            }
            try (StreamingPeer peer = startCentrifugo()) {
                report.memory(peer.name(), IdleStreamBenchmark.measure(peer, USERS, STREAMS));
            }
        }
    }

    private IdleStreamBenchmark.MemoryPerStream measureIdle(BenchmarkNode node) throws Exception {
        return IdleStreamBenchmark.measure(
                node, client -> benchmarkUsers.authorizationLine(client * USERS / STREAMS), STREAMS);
    }

    private void speed(EventLatencyBenchmark speed) throws Exception {
        try (BenchmarkNode works = startNode("works", CONCURRENCY, BenchmarkNode.DEFAULT_FLAGS, Map.of())) {
            report.addLatency(
                    "Darkroom, from the commit", "same node, just started", speed.measureCold(works, works, USERS));
            report.addLatency("Darkroom, from the commit", "same node", speed.measureSteady(works, works, USERS));
            try (BenchmarkNode heard = startNode("heard", 0, BenchmarkNode.DEFAULT_FLAGS, Map.of())) {
                report.addLatency(
                        "Darkroom, from the commit", "another node, by hint", speed.measureSteady(works, heard, USERS));
            }
            try (TcpProxy proxy =
                            new TcpProxy(database.url().host(), database.url().port());
                    BenchmarkNode deaf = startNode(
                            "deaf",
                            0,
                            BenchmarkNode.DEFAULT_FLAGS,
                            Map.of("DARKROOM_DATABASE_DIRECT_URL", viaProxy(proxy)))) {
                proxy.blackhole();
                Thread.sleep(PROXY_DELAY.toMillis());
                report.addLatency(
                        "Darkroom, from the commit",
                        "another node, hints lost",
                        speed.measureSteady(works, deaf, USERS));
            }
        }
        try (StreamingPeer peer = startNchan()) {
            report.addLatency(peer.name() + ", from the publishing", "same node", speed.measureSteady(peer, USERS));
        }
        try (StreamingPeer peer = startCentrifugo()) {
            report.addLatency(peer.name() + ", from the publishing", "same node", speed.measureSteady(peer, USERS));
        }
    }

    private String viaProxy(TcpProxy proxy) {
        DatabaseUrl url = DarkroomFleet.throughProxy(proxy, database.url());
        return DarkroomInstanceSettings.urlOf(url);
    }

    private void measureFanOut(EventLatencyBenchmark speed, ReconnectBenchmark reconnectBenchmark) throws Exception {
        String streams = "%,d streams of one user or channel".formatted(STREAMS);
        try (BenchmarkNode node = startNode("fan-out", CONCURRENCY, BenchmarkNode.DEFAULT_FLAGS, Map.of())) {
            report.addFanOut("Darkroom", streams, speed.measureUserFanOut(node, STREAMS));
            List<LatencyQuantiles> many = new ArrayList<>();
            for (int round = 0; round < rounds; round++) {
                many.add(reconnectBenchmark.measureReplayToManyUsers(node, STREAMS));
            }
            report.addFanOut("Darkroom", "one each to %,d users, found by the poll".formatted(STREAMS), many);
        }
        try (StreamingPeer peer = startNchan()) {
            report.addFanOut(peer.name(), streams, speed.measureChannelFanOut(peer, STREAMS));
        }
        try (StreamingPeer peer = startCentrifugo()) {
            report.addFanOut(peer.name(), streams, speed.measureChannelFanOut(peer, STREAMS));
        }
    }

    private void storms(ReconnectBenchmark reconnectBenchmark, String how, int aSecond) throws Exception {
        List<ReconnectBenchmark.StormResult> storms = new ArrayList<>();
        try (BenchmarkNode lives = startNode("lives", 0, BenchmarkNode.DEFAULT_FLAGS, Map.of())) {
            reconnectBenchmark.warmUp(lives);
            for (int round = 0; round < rounds; round++) {
                try (BenchmarkNode dies = startNode("dies", 0, BenchmarkNode.DEFAULT_FLAGS, Map.of())) {
                    reconnectBenchmark.warmUp(dies);
                    storms.add(reconnectBenchmark.measureStorm(dies, lives, STREAMS, aSecond));
                }
            }
        }
        report.addStorm(how, storms);
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
