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

/** Measures the latency of events, at a steady rate and for one event with many receivers. */
final class EventLatencyBenchmark {
    /** Long enough for the JIT compiler, which depends on the number of executions. A natively compiled peer needs less. */
    private static final Duration WARM_UP = Duration.ofSeconds(60);

    private static final int WARM_UP_RATE_FACTOR = 2;
    private static final Duration PEER_WARM_UP = Duration.ofSeconds(10);
    private static final int CONNECTS_PER_SECOND = 500;
    private static final int FAN_OUT_CONNECTS_PER_SECOND = 1_000;
    private static final int FAN_OUT_EVENTS = 10;
    private static final String GENERATION = "{\"prompt\":\"a lighthouse\",\"width\":64,\"height\":64}";

    private final ApiBenchmarkDatabase database;
    private final BenchmarkUsers benchmarkUsers;
    private final int rounds;
    private final Duration time;
    private final int eventsPerSecond;

    EventLatencyBenchmark(
            ApiBenchmarkDatabase database,
            BenchmarkUsers benchmarkUsers,
            int rounds,
            Duration time,
            int eventsPerSecond) {
        this.database = database;
        this.benchmarkUsers = benchmarkUsers;
        this.rounds = rounds;
        this.time = time;
        this.eventsPerSecond = eventsPerSecond;
    }

    /**
     * Measures from commit to client, for generations of random users with one stream each.
     *
     * @param worker accepts and runs the generations
     * @param streamNode serves the streams
     */
    List<LatencyQuantiles> measureSteady(BenchmarkNode worker, BenchmarkNode streamNode, int clients) throws Exception {
        return measureSteady(worker, streamNode, clients, WARM_UP, rounds);
    }

    /** Measures the same once on processes that have just started. */
    List<LatencyQuantiles> measureCold(BenchmarkNode worker, BenchmarkNode streamNode, int clients) throws Exception {
        return measureSteady(worker, streamNode, clients, Duration.ZERO, 1);
    }

    private List<LatencyQuantiles> measureSteady(
            BenchmarkNode worker, BenchmarkNode streamNode, int clients, Duration warmUp, int rounds) throws Exception {
        List<LatencyQuantiles> measured = new ArrayList<>();
        IntFunction<HttpRequest> posts =
                i -> post(worker, ThreadLocalRandom.current().nextInt(clients));
        ConstantRateLoad load = new ConstantRateLoad(posts);
        try (StreamBenchmarkClients streams = StreamBenchmarkClients.forDarkroom(
                clients,
                (client, lastId) ->
                        SseLoadClient.request(BenchmarkNode.STREAM, benchmarkUsers.authorizationLine(client)))) {
            streams.open(streamNode.port(), CONNECTS_PER_SECOND);
            awaitDelivered(streams, load.send(eventsPerSecond * WARM_UP_RATE_FACTOR, warmUp));
            for (int round = 0; round < rounds; round++) {
                streams.clearArrivals();
                List<Arrival> arrivals = awaitDelivered(streams, load.send(eventsPerSecond, time));
                measured.add(EventLatency.fromCommit(database, arrivals, 1));
            }
        }
        return measured;
    }

    /** Waits for all events. A missing one is an error and is named in the exception. */
    private List<Arrival> awaitDelivered(StreamBenchmarkClients streams, int count) throws Exception {
        try {
            return streams.awaitArrivals(count);
        } catch (IllegalStateException e) {
            throw new IllegalStateException(
                    "events not received: " + EventLatency.findUndelivered(database, streams.arrivals(), count)
                            + "; generations in the queue: "
                            + database.query("SELECT count(*) FROM generation_queue"),
                    e);
        }
    }

    /** Measures another server at the same rate, from publishing to the client. */
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
            streams.open(peer.port(), CONNECTS_PER_SECOND);
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

    /** Measures one event of a user with {@code count} streams, from the commit to each stream, several times. */
    List<LatencyQuantiles> measureUserFanOut(BenchmarkNode node, int count) throws Exception {
        List<LatencyQuantiles> measured = new ArrayList<>();
        try (StreamBenchmarkClients streams = StreamBenchmarkClients.forDarkroom(
                count,
                (client, lastId) -> SseLoadClient.request(BenchmarkNode.STREAM, benchmarkUsers.authorizationLine(0)))) {
            streams.open(node.port(), FAN_OUT_CONNECTS_PER_SECOND);
            ConstantRateLoad load = new ConstantRateLoad(i -> post(node, 0));
            for (int i = 0; i <= FAN_OUT_EVENTS; i++) {
                streams.clearArrivals();
                load.send(1, Duration.ofSeconds(1));
                LatencyQuantiles latency = EventLatency.fromCommit(database, streams.awaitArrivals(count), count);
                // The first event is a warm-up.
                if (i > 0) {
                    measured.add(latency);
                }
            }
        }
        return measured;
    }

    /** Measures another server with {@code count} streams of one channel. */
    List<LatencyQuantiles> measureChannelFanOut(StreamingPeer peer, int count) throws Exception {
        List<LatencyQuantiles> measured = new ArrayList<>();
        try (StreamBenchmarkClients streams = StreamBenchmarkClients.forPeer(peer, count, client -> "user-0")) {
            streams.open(peer.port(), FAN_OUT_CONNECTS_PER_SECOND);
            Thread.sleep(PEER_WARM_UP.dividedBy(5).toMillis());
            for (int i = 0; i <= FAN_OUT_EVENTS; i++) {
                streams.clearArrivals();
                int number = i;
                long[] sent = {0};
                new ConstantRateLoad(ignored -> {
                            sent[0] = now();
                            return peer.publishRequest("user-0", StreamingPeer.notificationJson(number));
                        })
                        .send(1, Duration.ofSeconds(1));
                LatencyQuantiles latency = EventLatency.between(streams.awaitArrivals(count), arrival -> sent[0]);
                if (i > 0) {
                    measured.add(latency);
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
