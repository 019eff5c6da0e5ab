package dev.darkroom.benchmark;

import dev.darkroom.benchmark.StreamBenchmarkClients.Arrival;
import dev.darkroom.testing.SseLoadClient;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.IntFunction;

/** How soon events come, at a steady rate and one to very many. */
final class EventLatencyBenchmark {
    /** A virtual machine has then compiled what it runs, which goes by how often it did; a peer, which is compiled, needs less. */
    private static final Duration WARM_UP = Duration.ofSeconds(60);

    private static final int WARM_UP_TIMES = 2;
    private static final Duration PEER_WARM_UP = Duration.ofSeconds(10);
    private static final int CONNECT_A_SECOND = 500;
    private static final int MANY_A_SECOND = 1_000;
    private static final int MANY_EVENTS = 10;
    private static final String GENERATION = "{\"prompt\":\"a lighthouse\",\"width\":64,\"height\":64}";

    private final ApiBenchmarkDatabase database;
    private final BenchmarkUsers benchmarkUsers;
    private final int rounds;
    private final Duration time;
    private final int eventsPerSecond;

    EventLatencyBenchmark(
            ApiBenchmarkDatabase database, BenchmarkUsers benchmarkUsers, int rounds, Duration time, int aSecond) {
        this.database = database;
        this.benchmarkUsers = benchmarkUsers;
        this.rounds = rounds;
        this.time = time;
        this.eventsPerSecond = aSecond;
    }

    /** From commit to client, generations of users by chance: one stream each, at {@code heard}; accepted and ended by {@code works}. */
    List<LatencyQuantiles> measureSteady(BenchmarkNode works, BenchmarkNode heard, int clients) throws Exception {
        return measureSteady(works, heard, clients, WARM_UP, rounds);
    }

    /** The same on processes that have just started, once. */
    List<LatencyQuantiles> measureCold(BenchmarkNode works, BenchmarkNode heard, int clients) throws Exception {
        return measureSteady(works, heard, clients, Duration.ZERO, 1);
    }

    private List<LatencyQuantiles> measureSteady(
            BenchmarkNode works, BenchmarkNode heard, int clients, Duration warmUp, int rounds) throws Exception {
        List<LatencyQuantiles> measured = new ArrayList<>();
        IntFunction<HttpRequest> posts =
                i -> post(works, ThreadLocalRandom.current().nextInt(clients));
        ConstantRateLoad load = new ConstantRateLoad(posts);
        try (StreamBenchmarkClients streams = StreamBenchmarkClients.forDarkroom(
                clients,
                (client, lastId) ->
                        SseLoadClient.request(BenchmarkNode.STREAM, benchmarkUsers.authorizationLine(client)))) {
            streams.open(heard.port(), CONNECT_A_SECOND);
            awaitDelivered(streams, load.send(eventsPerSecond * WARM_UP_TIMES, warmUp));
            for (int round = 0; round < rounds; round++) {
                streams.clearArrivals();
                List<Arrival> arrivals = awaitDelivered(streams, load.send(eventsPerSecond, time));
                measured.add(EventLatency.fromCommit(database, arrivals, 1));
            }
        }
        return measured;
    }

    /** One that is never told of is no figure, but a mistake, and is named. */
    private List<Arrival> awaitDelivered(StreamBenchmarkClients streams, int count) throws Exception {
        try {
            return streams.awaitArrivals(count);
        } catch (IllegalStateException e) {
            throw new IllegalStateException(
                    "never told: " + EventLatency.findUndelivered(database, streams.arrivals(), count)
                            + "; left to do: " + database.query("SELECT count(*) FROM generation_queue"),
                    e);
        }
    }

    /** The same for another server: from the publishing to the client. */
    List<LatencyQuantiles> measureSteady(StreamingPeer peer, int clients) throws Exception {
        List<LatencyQuantiles> measured = new ArrayList<>();
        AtomicLongArray sent =
                new AtomicLongArray((int) (eventsPerSecond * Math.max(time.toSeconds(), PEER_WARM_UP.toSeconds())));
        ConstantRateLoad load = new ConstantRateLoad(i -> {
            sent.set(i, now());
            return peer.publishRequest(
                    "user-" + ThreadLocalRandom.current().nextInt(clients), StreamingPeer.notificationJson(i));
        });
        try (StreamBenchmarkClients streams =
                StreamBenchmarkClients.forPeer(peer, clients, client -> "user-" + client)) {
            streams.open(peer.port(), CONNECT_A_SECOND);
            Thread.sleep(PEER_WARM_UP.dividedBy(5).toMillis());
            streams.clearArrivals();
            streams.awaitArrivals(load.send(eventsPerSecond, PEER_WARM_UP));
            for (int round = 0; round < rounds; round++) {
                streams.clearArrivals();
                List<Arrival> arrivals = streams.awaitArrivals(load.send(eventsPerSecond, time));
                measured.add(EventLatency.between(arrivals, arrival -> sent.get(number(arrival))));
            }
        }
        return measured;
    }

    /** One event of one user, who has all these streams: from the commit to each of them, several times. */
    List<LatencyQuantiles> measureUserFanOut(BenchmarkNode node, int count) throws Exception {
        List<LatencyQuantiles> measured = new ArrayList<>();
        try (StreamBenchmarkClients streams = StreamBenchmarkClients.forDarkroom(
                count,
                (client, lastId) -> SseLoadClient.request(BenchmarkNode.STREAM, benchmarkUsers.authorizationLine(0)))) {
            streams.open(node.port(), MANY_A_SECOND);
            ConstantRateLoad load = new ConstantRateLoad(i -> post(node, 0));
            for (int i = 0; i <= MANY_EVENTS; i++) {
                streams.clearArrivals();
                load.send(1, Duration.ofSeconds(1));
                LatencyQuantiles each = EventLatency.fromCommit(database, streams.awaitArrivals(count), count);
                // The first one is for the compiler to get warm.
                if (i > 0) {
                    measured.add(each);
                }
            }
        }
        return measured;
    }

    /** The same for another server: one channel with all these streams. */
    List<LatencyQuantiles> measureChannelFanOut(StreamingPeer peer, int count) throws Exception {
        List<LatencyQuantiles> measured = new ArrayList<>();
        try (StreamBenchmarkClients streams = StreamBenchmarkClients.forPeer(peer, count, client -> "user-0")) {
            streams.open(peer.port(), MANY_A_SECOND);
            Thread.sleep(PEER_WARM_UP.dividedBy(5).toMillis());
            for (int i = 0; i <= MANY_EVENTS; i++) {
                streams.clearArrivals();
                int number = i;
                long[] sent = {0};
                new ConstantRateLoad(ignored -> {
                            sent[0] = now();
                            return peer.publishRequest("user-0", StreamingPeer.notificationJson(number));
                        })
                        .send(1, Duration.ofSeconds(1));
                LatencyQuantiles each = EventLatency.between(streams.awaitArrivals(count), arrival -> sent[0]);
                if (i > 0) {
                    measured.add(each);
                }
            }
        }
        return measured;
    }

    private HttpRequest post(BenchmarkNode node, int user) {
        return ConstantRateLoad.post(
                node.port(), "/api/generation", GENERATION, benchmarkUsers.authorizationHeader(user));
    }

    private static int number(Arrival arrival) {
        String data = arrival.event().data();
        int from = data.indexOf("\"seq\":") + 6;
        return Integer.parseInt(data.substring(from, data.indexOf(',', from)));
    }

    private static long now() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
    }
}
