package dev.darkroom.api.stream;

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
public final class StreamRegistry {
    /** As the contract has it. */
    static final String MEDIA_TYPE = "text/event-stream";

    static final Buffer KEEP_ALIVE_COMMENT = SseFrameEncoder.comment("still here");

    /** nginx, and those who follow its example: hand on what comes when it comes. */
    private static final CharSequence ACCEL_BUFFERING = HttpHeaders.createOptimized("X-Accel-Buffering");

    private static final CharSequence NO = HttpHeaders.createOptimized("no");
    private static final CharSequence EVENT_STREAM = HttpHeaders.createOptimized(MEDIA_TYPE);
    private static final CharSequence NO_STORE = HttpHeaders.createOptimized("no-store");
    private static final long SECOND_MS = 1000;

    private final StreamTimings timings;
    private final RandomGenerator random;
    private final List<Entry> streams = new ArrayList<>();

    /** Null unless all are being dismissed. */
    private Drain drain;

    /**
     * What happens how often. All in seconds but {@code retryMs}.
     *
     * @param commentSeconds after so much silence a comment, below what proxies allow
     * @param pingSeconds between visible signs of life
     * @param slowConsumerSeconds so long a reader may leave its queue full
     * @param minRetryMs of those who are told to come back
     * @param maxRetryMs of the same
     */
    public record StreamTimings(
            int commentSeconds, int pingSeconds, int slowConsumerSeconds, int minRetryMs, int maxRetryMs) {
        public static StreamTimings withDefaults(int full) {
            return new StreamTimings(15, 30, full, 1_000, 15_000);
        }
    }

    /** What stays open, an event stream or a socket. */
    public interface Entry extends OpenStream {
        /** A second has passed. */
        void onSecond(StreamTimings streamTimings);

        /** Where it stands among all; negative when it is over. */
        int index();

        /** Of {@link StreamRegistry} alone. */
        void index(int place);
    }

    private record Drain(String reason, int perSecond, Promise<Void> done) {}

    /** Begins to walk over its streams, on the event loop of the caller. */
    public static StreamRegistry start(Vertx vertx, StreamTimings streamTimings, RandomGenerator random) {
        StreamRegistry streams = new StreamRegistry(streamTimings, random);
        vertx.setPeriodic(SECOND_MS, second -> streams.tickAll());
        return streams;
    }

    StreamRegistry(StreamTimings streamTimings, RandomGenerator random) {
        this.timings = streamTimings;
        this.random = random;
    }

    /**
     * Answers with a stream.
     *
     * @param request whose response has its headers, but not what makes it a stream
     * @param first frame; it is written with the head
     * @return a stream that may be over already, as when the caller has left meanwhile
     */
    SseStream open(HttpServerRequest request, Buffer first, SseStream.Producer producer) {
        request.response()
                .setStatusCode(200)
                .setChunked(true)
                .putHeader(HttpHeaders.CONTENT_TYPE, EVENT_STREAM)
                .putHeader(HttpHeaders.CACHE_CONTROL, NO_STORE)
                .putHeader(ACCEL_BUFFERING, NO);
        // Those who come at once, as after a restart, are not to be written to at once for ever.
        SseStream stream = new SseStream(this, request, producer, random.nextInt(timings.commentSeconds()));
        register(stream);
        stream.open(first);
        closeIfDraining(stream);
        return stream;
    }

    /** Of what stays open: it has begun, and is told of each second until it is over. */
    public void register(Entry entry) {
        entry.index(streams.size());
        streams.add(entry);
    }

    /** Says farewell at once to one that begins when all others have been told to go. */
    public void closeIfDraining(Entry entry) {
        if (drain != null) {
            entry.closeWithReason(drain.reason());
        }
    }

    /** How many there are. */
    int size() {
        return streams.size();
    }

    /** After how long one is to come back: not when the others do. */
    public int randomRetryMs() {
        return random.nextInt(timings.minRetryMs(), timings.maxRetryMs() + 1);
    }

    /**
     * Says farewell to all, a few every second, so that they do not all come back at once; to those who come meanwhile at once.
     *
     * @param seconds for all of them
     * @return when the last has gone
     */
    public Future<Void> closeAll(String reason, int seconds) {
        if (drain == null) {
            int perSecond = Math.max(1, (streams.size() + seconds - 1) / Math.max(1, seconds));
            drain = new Drain(reason, perSecond, Promise.promise());
            closeNextBatch();
        }
        return drain.done().future();
    }

    /** A second has passed. */
    void tickAll() {
        // Backwards: whoever leaves is replaced by the last, which has had its turn.
        for (int i = streams.size() - 1; i >= 0; i--) {
            if (i < streams.size()) {
                streams.get(i).onSecond(timings);
            }
        }
        if (drain != null) {
            closeNextBatch();
        }
    }

    private void closeNextBatch() {
        for (int i = 0; i < drain.perSecond() && !streams.isEmpty(); i++) {
            streams.get(streams.size() - 1).closeWithReason(drain.reason());
        }
        if (streams.isEmpty()) {
            drain.done().tryComplete();
        }
    }

    /** Of what stays open: it is over. */
    public void unregister(Entry stream) {
        int place = stream.index();
        Entry last = streams.remove(streams.size() - 1);
        if (last != stream) {
            streams.set(place, last);
            last.index(place);
        }
        stream.index(-1);
    }
}
