package dev.darkroom.api;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The event streams of one verticle, and its sockets, with one timer for all of them: signs of life, an end for readers who do not read, farewells.
 * For the verticle's event loop.
 */
final class EventStreams {
    /** As the contract has it. */
    static final String MEDIA_TYPE = "text/event-stream";

    static final Buffer STILL_HERE = EventFrame.comment("still here");

    /** nginx, and those who follow its example: hand on what comes when it comes. */
    private static final CharSequence BUFFERING = HttpHeaders.createOptimized("X-Accel-Buffering");

    private static final CharSequence NO = HttpHeaders.createOptimized("no");
    private static final CharSequence EVENT_STREAM = HttpHeaders.createOptimized(MEDIA_TYPE);
    private static final CharSequence NO_STORE = HttpHeaders.createOptimized("no-store");
    private static final long SECOND_MS = 1000;

    private final Pace pace;
    private final RandomGenerator random;
    private final List<Held> streams = new ArrayList<>();

    /** Null unless all are being dismissed. */
    private Farewell farewell;

    /**
     * What happens how often. All in seconds but {@code retryMs}.
     *
     * @param comment after so much silence a comment, below what proxies allow
     * @param ping between visible signs of life
     * @param full so long a reader may leave its queue full
     * @param leastRetryMs of those who are told to come back
     * @param mostRetryMs of the same
     */
    record Pace(int comment, int ping, int full, int leastRetryMs, int mostRetryMs) {
        static Pace usual(int full) {
            return new Pace(15, 30, full, 1_000, 15_000);
        }
    }

    /** What stays open, an event stream or a socket. */
    interface Held extends Line {
        /** A second has passed. */
        void second(Pace pace);

        /** Where it stands among all; negative when it is over. */
        int place();

        /** Of {@link EventStreams} alone. */
        void place(int place);
    }

    private record Farewell(String reason, int perSecond, Promise<Void> done) {}

    /** Begins to walk over its streams, on the event loop of the caller. */
    static EventStreams start(Vertx vertx, Pace pace, RandomGenerator random) {
        EventStreams streams = new EventStreams(pace, random);
        vertx.setPeriodic(SECOND_MS, second -> streams.walk());
        return streams;
    }

    EventStreams(Pace pace, RandomGenerator random) {
        this.pace = pace;
        this.random = random;
    }

    /**
     * Answers with a stream.
     *
     * @param request whose response has its headers, but not what makes it a stream
     * @param first frame; it is written with the head
     * @return a stream that may be over already, as when the caller has left meanwhile
     */
    EventStream open(HttpServerRequest request, Buffer first, EventStream.Owner owner) {
        request.response()
                .setStatusCode(200)
                .setChunked(true)
                .putHeader(HttpHeaders.CONTENT_TYPE, EVENT_STREAM)
                .putHeader(HttpHeaders.CACHE_CONTROL, NO_STORE)
                .putHeader(BUFFERING, NO);
        // Those who come at once, as after a restart, are not to be written to at once for ever.
        EventStream stream = new EventStream(this, request, owner, random.nextInt(pace.comment()));
        hold(stream);
        stream.open(first);
        dismissIfLate(stream);
        return stream;
    }

    /** Of what stays open: it has begun, and is told of each second until it is over. */
    void hold(Held held) {
        held.place(streams.size());
        streams.add(held);
    }

    /** Says farewell at once to one that begins when all others have been told to go. */
    void dismissIfLate(Held held) {
        if (farewell != null) {
            held.bye(farewell.reason());
        }
    }

    /** How many there are. */
    int size() {
        return streams.size();
    }

    /** After how long one is to come back: not when the others do. */
    int retryMs() {
        return random.nextInt(pace.leastRetryMs(), pace.mostRetryMs() + 1);
    }

    /**
     * Says farewell to all, a few every second, so that they do not all come back at once; to those who come meanwhile at once.
     *
     * @param seconds for all of them
     * @return when the last has gone
     */
    Future<Void> dismiss(String reason, int seconds) {
        if (farewell == null) {
            int perSecond = Math.max(1, (streams.size() + seconds - 1) / Math.max(1, seconds));
            farewell = new Farewell(reason, perSecond, Promise.promise());
            sayFarewell();
        }
        return farewell.done().future();
    }

    /** A second has passed. */
    void walk() {
        // Backwards: whoever leaves is replaced by the last, which has had its turn.
        for (int i = streams.size() - 1; i >= 0; i--) {
            if (i < streams.size()) {
                streams.get(i).second(pace);
            }
        }
        if (farewell != null) {
            sayFarewell();
        }
    }

    private void sayFarewell() {
        for (int i = 0; i < farewell.perSecond() && !streams.isEmpty(); i++) {
            streams.get(streams.size() - 1).bye(farewell.reason());
        }
        if (streams.isEmpty()) {
            farewell.done().tryComplete();
        }
    }

    /** Of what stays open: it is over. */
    void remove(Held stream) {
        int place = stream.place();
        Held last = streams.remove(streams.size() - 1);
        if (last != stream) {
            streams.set(place, last);
            last.place(place);
        }
        stream.place(-1);
    }
}
