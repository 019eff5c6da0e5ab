package dev.darkroom.benchmark;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomSettings;
import dev.darkroom.testing.Fleet;
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
    private static final Duration DEAF = Duration.ofSeconds(15);

    private final int rounds = Integer.getInteger("benchmark.rounds", 3);
    private final Duration time = Duration.ofSeconds(Integer.getInteger("benchmark.seconds", 10));
    private final int aSecond = Integer.getInteger("benchmark.ends", 200);
    /** Empty for all of them. */
    private final String parts = System.getProperty("benchmark.part", "");

    private final BenchmarkDatabase database;
    private final Arrivals aiServer;
    private final NotificationReport report;
    private Users users;

    private NotificationBenchmark(BenchmarkDatabase database, Arrivals aiServer) throws Exception {
        this.database = database;
        this.aiServer = aiServer;
        String machine = Machine.describe(
                DIRECTORY, database.query("SHOW server_version").get(0));
        report = new NotificationReport(machine, STREAMS, USERS, aSecond, rounds);
    }

    public static void main(String[] args) throws Exception {
        new Measurement("notifications", DIRECTORY, List.of("track_commit_timestamp = on"))
                .run((database, aiServer) -> new NotificationBenchmark(database, aiServer).run());
    }

    private String run() throws Exception {
        // A tool that is missing is said now, not after ten minutes.
        nchan().close();
        centrifugo().close();
        // Makes the tables.
        node("first", 0, StreamNode.USUAL, Map.of()).close();
        users = new Users(database, STREAMS);
        EventSpeed speed = new EventSpeed(database, users, rounds, time, aSecond);
        Returning returning = new Returning(database, users);
        if (isWanted("memory")) {
            memory();
        }
        if (isWanted("speed")) {
            speed(speed);
        }
        if (isWanted("fan-out")) {
            fanOut(speed, returning);
        }
        if (isWanted("return")) {
            try (StreamNode node = node("replay", 0, StreamNode.USUAL, Map.of())) {
                report.replay(MISSED, returning.replay(node, MISSED));
            }
            storms(returning, "at once", 0);
            storms(returning, "within five seconds", STREAMS / 5);
        }
        return report.text();
    }

    private boolean isWanted(String part) {
        return parts.isEmpty() || parts.equals(part);
    }

    private void memory() throws Exception {
        for (int round = 0; round < rounds; round++) {
            try (StreamNode node = node("small", 0, StreamNode.SMALL, Map.of())) {
                report.memory("Darkroom, serial collector, heap of 256 MB", idle(node));
            }
            try (StreamNode node = node("usual", 0, List.of("-Xmx512m"), Map.of())) {
                report.memory("Darkroom, G1, heap of 512 MB", idle(node));
            }
            try (StreamingPeer peer = nchan()) {
                report.memory(peer.name(), IdleStreams.of(peer, USERS, STREAMS));
            }
            try (StreamingPeer peer = centrifugo()) {
                report.memory(peer.name(), IdleStreams.of(peer, USERS, STREAMS));
            }
        }
    }

    private IdleStreams.Each idle(StreamNode node) throws Exception {
        return IdleStreams.of(node, client -> users.headerLine(client * USERS / STREAMS), STREAMS);
    }

    private void speed(EventSpeed speed) throws Exception {
        try (StreamNode works = node("works", CONCURRENCY, StreamNode.USUAL, Map.of())) {
            report.speed("Darkroom, from the commit", "same node, just started", speed.cold(works, works, USERS));
            report.speed("Darkroom, from the commit", "same node", speed.steady(works, works, USERS));
            try (StreamNode heard = node("heard", 0, StreamNode.USUAL, Map.of())) {
                report.speed("Darkroom, from the commit", "another node, by hint", speed.steady(works, heard, USERS));
            }
            try (TcpProxy proxy =
                            new TcpProxy(database.url().host(), database.url().port());
                    StreamNode deaf =
                            node("deaf", 0, StreamNode.USUAL, Map.of("DARKROOM_DATABASE_DIRECT_URL", by(proxy)))) {
                proxy.fallSilent();
                Thread.sleep(DEAF.toMillis());
                report.speed("Darkroom, from the commit", "another node, hints lost", speed.steady(works, deaf, USERS));
            }
        }
        try (StreamingPeer peer = nchan()) {
            report.speed(peer.name() + ", from the publishing", "same node", speed.steady(peer, USERS));
        }
        try (StreamingPeer peer = centrifugo()) {
            report.speed(peer.name() + ", from the publishing", "same node", speed.steady(peer, USERS));
        }
    }

    private String by(TcpProxy proxy) {
        DatabaseUrl url = Fleet.through(proxy, database.url());
        return DarkroomSettings.text(url);
    }

    private void fanOut(EventSpeed speed, Returning returning) throws Exception {
        String streams = "%,d streams of one user or channel".formatted(STREAMS);
        try (StreamNode node = node("fan-out", CONCURRENCY, StreamNode.USUAL, Map.of())) {
            report.fanOut("Darkroom", streams, speed.toStreamsOfOneUser(node, STREAMS));
            List<Quantiles> many = new ArrayList<>();
            for (int round = 0; round < rounds; round++) {
                many.add(returning.toManyUsers(node, STREAMS));
            }
            report.fanOut("Darkroom", "one each to %,d users, found by the poll".formatted(STREAMS), many);
        }
        try (StreamingPeer peer = nchan()) {
            report.fanOut(peer.name(), streams, speed.toStreamsOfOneChannel(peer, STREAMS));
        }
        try (StreamingPeer peer = centrifugo()) {
            report.fanOut(peer.name(), streams, speed.toStreamsOfOneChannel(peer, STREAMS));
        }
    }

    private void storms(Returning returning, String how, int aSecond) throws Exception {
        List<Returning.Storm> storms = new ArrayList<>();
        try (StreamNode lives = node("lives", 0, StreamNode.USUAL, Map.of())) {
            returning.warmUp(lives);
            for (int round = 0; round < rounds; round++) {
                try (StreamNode dies = node("dies", 0, StreamNode.USUAL, Map.of())) {
                    returning.warmUp(dies);
                    storms.add(returning.storm(dies, lives, STREAMS, aSecond));
                }
            }
        }
        report.storm(how, storms);
    }

    private StreamNode node(String name, int workers, List<String> flags, Map<String, String> settings)
            throws IOException, InterruptedException {
        return new StreamNode(DIRECTORY, name, database, aiServer, workers, flags, settings);
    }

    private static StreamingPeer nchan() throws IOException, InterruptedException {
        return new Nchan(DIRECTORY.resolve("nchan"), STREAMS);
    }

    private static StreamingPeer centrifugo() throws IOException, InterruptedException {
        return new Centrifugo(DIRECTORY.resolve("centrifugo"));
    }
}
