package dev.darkroom.benchmark;

import dev.darkroom.benchmark.StreamClients.Arrival;
import dev.darkroom.testing.EventStreams;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.IntFunction;

/** How soon events come, at a steady rate and one to very many. */
final class EventSpeed {
    /** A virtual machine has then compiled what it runs, which goes by how often it did; a peer, which is compiled, needs less. */
    private static final Duration WARM_UP = Duration.ofSeconds(60);

    private static final int WARM_UP_TIMES = 2;
    private static final Duration PEER_WARM_UP = Duration.ofSeconds(10);
    private static final int CONNECT_A_SECOND = 500;
    private static final int MANY_A_SECOND = 1_000;
    private static final int MANY_EVENTS = 10;
    private static final String GENERATION = "{\"prompt\":\"a lighthouse\",\"width\":64,\"height\":64}";

    private final BenchmarkDatabase database;
    private final Users users;
    private final int rounds;
    private final Duration time;
    private final int aSecond;

    EventSpeed(BenchmarkDatabase database, Users users, int rounds, Duration time, int aSecond) {
        this.database = database;
        this.users = users;
        this.rounds = rounds;
        this.time = time;
        this.aSecond = aSecond;
    }

    /** From commit to client, generations of users by chance: one stream each, at {@code heard}; accepted and ended by {@code works}. */
    List<Quantiles> steady(StreamNode works, StreamNode heard, int clients) throws Exception {
        return steady(works, heard, clients, WARM_UP, rounds);
    }

    /** The same on processes that have just started, once. */
    List<Quantiles> cold(StreamNode works, StreamNode heard, int clients) throws Exception {
        return steady(works, heard, clients, Duration.ZERO, 1);
    }

    private List<Quantiles> steady(StreamNode works, StreamNode heard, int clients, Duration warmUp, int rounds)
            throws Exception {
        List<Quantiles> measured = new ArrayList<>();
        IntFunction<HttpRequest> posts =
                i -> post(works, ThreadLocalRandom.current().nextInt(clients));
        EndLoad load = new EndLoad(posts);
        try (StreamClients streams = StreamClients.ofDarkroom(
                clients, (client, lastId) -> EventStreams.request(StreamNode.STREAM, users.headerLine(client)))) {
            streams.open(heard.port(), CONNECT_A_SECOND);
            awaitTold(streams, load.run(aSecond * WARM_UP_TIMES, warmUp));
            for (int round = 0; round < rounds; round++) {
                streams.forgetArrivals();
                List<Arrival> arrivals = awaitTold(streams, load.run(aSecond, time));
                measured.add(EventLatency.fromCommit(database, arrivals, 1));
            }
        }
        return measured;
    }

    /** One that is never told of is no figure, but a mistake, and is named. */
    private List<Arrival> awaitTold(StreamClients streams, int count) throws Exception {
        try {
            return streams.awaitArrivals(count);
        } catch (IllegalStateException e) {
            throw new IllegalStateException(
                    "never told: " + EventLatency.missing(database, streams.arrivals(), count) + "; left to do: "
                            + database.query("SELECT count(*) FROM generation_queue"),
                    e);
        }
    }

    /** The same for another server: from the publishing to the client. */
    List<Quantiles> steady(StreamingPeer peer, int clients) throws Exception {
        List<Quantiles> measured = new ArrayList<>();
        AtomicLongArray sent =
                new AtomicLongArray((int) (aSecond * Math.max(time.toSeconds(), PEER_WARM_UP.toSeconds())));
        EndLoad load = new EndLoad(i -> {
            sent.set(i, now());
            return peer.publish("user-" + ThreadLocalRandom.current().nextInt(clients), StreamingPeer.notification(i));
        });
        try (StreamClients streams = StreamClients.of(peer, clients, client -> "user-" + client)) {
            streams.open(peer.port(), CONNECT_A_SECOND);
            Thread.sleep(PEER_WARM_UP.dividedBy(5).toMillis());
            streams.forgetArrivals();
            streams.awaitArrivals(load.run(aSecond, PEER_WARM_UP));
            for (int round = 0; round < rounds; round++) {
                streams.forgetArrivals();
                List<Arrival> arrivals = streams.awaitArrivals(load.run(aSecond, time));
                measured.add(EventLatency.between(arrivals, arrival -> sent.get(number(arrival))));
            }
        }
        return measured;
    }

    /** One event of one user, who has all these streams: from the commit to each of them, several times. */
    List<Quantiles> toStreamsOfOneUser(StreamNode node, int count) throws Exception {
        List<Quantiles> measured = new ArrayList<>();
        try (StreamClients streams = StreamClients.ofDarkroom(
                count, (client, lastId) -> EventStreams.request(StreamNode.STREAM, users.headerLine(0)))) {
            streams.open(node.port(), MANY_A_SECOND);
            EndLoad load = new EndLoad(i -> post(node, 0));
            for (int i = 0; i <= MANY_EVENTS; i++) {
                streams.forgetArrivals();
                load.run(1, Duration.ofSeconds(1));
                Quantiles each = EventLatency.fromCommit(database, streams.awaitArrivals(count), count);
                // The first one is for the compiler to get warm.
                if (i > 0) {
                    measured.add(each);
                }
            }
        }
        return measured;
    }

    /** The same for another server: one channel with all these streams. */
    List<Quantiles> toStreamsOfOneChannel(StreamingPeer peer, int count) throws Exception {
        List<Quantiles> measured = new ArrayList<>();
        try (StreamClients streams = StreamClients.of(peer, count, client -> "user-0")) {
            streams.open(peer.port(), MANY_A_SECOND);
            Thread.sleep(PEER_WARM_UP.dividedBy(5).toMillis());
            for (int i = 0; i <= MANY_EVENTS; i++) {
                streams.forgetArrivals();
                int number = i;
                long[] sent = {0};
                new EndLoad(ignored -> {
                            sent[0] = now();
                            return peer.publish("user-0", StreamingPeer.notification(number));
                        })
                        .run(1, Duration.ofSeconds(1));
                Quantiles each = EventLatency.between(streams.awaitArrivals(count), arrival -> sent[0]);
                if (i > 0) {
                    measured.add(each);
                }
            }
        }
        return measured;
    }

    private HttpRequest post(StreamNode node, int user) {
        return EndLoad.post(node.port(), "/api/generation", GENERATION, users.header(user));
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
