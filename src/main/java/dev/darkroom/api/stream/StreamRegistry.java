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
 * The open SSE streams and WebSockets of one verticle. One timer serves all of them: it sends pings and comments, aborts slow
 * consumers and closes streams in batches at a stop. Confined to the event loop of the verticle.
 */
public final class StreamRegistry {
    /** Media type of an SSE stream in the contract. */
    static final String MEDIA_TYPE = "text/event-stream";

    static final Buffer KEEP_ALIVE_COMMENT = SseFrameEncoder.comment("keep-alive");

    /** Disables response buffering in nginx and compatible proxies. */
    private static final CharSequence ACCEL_BUFFERING = HttpHeaders.createOptimized("X-Accel-Buffering");

    private static final CharSequence NO = HttpHeaders.createOptimized("no");
    private static final CharSequence EVENT_STREAM = HttpHeaders.createOptimized(MEDIA_TYPE);
    private static final CharSequence NO_STORE = HttpHeaders.createOptimized("no-store");
    private static final long SECOND_MS = 1000;

    private final StreamTimings timings;
    private final RandomGenerator random;
    private final List<RegisteredStream> streams = new ArrayList<>();

    /** Null until {@link #closeAll} is called. */
    private Drain drain;

    /**
     * Intervals and limits of the streams.
     *
     * @param commentSeconds idle seconds after which a comment is sent; below the idle timeout of common proxies
     * @param pingSeconds seconds between two ping events
     * @param slowConsumerSeconds seconds with a full write queue after which the connection is aborted
     * @param minRetryMs shortest reconnect delay of a closed stream, in milliseconds
     * @param maxRetryMs longest reconnect delay of a closed stream, in milliseconds
     */
    public record StreamTimings(
            int commentSeconds, int pingSeconds, int slowConsumerSeconds, int minRetryMs, int maxRetryMs) {
        public static StreamTimings withDefaults(int slowConsumerSeconds) {
            return new StreamTimings(15, 30, slowConsumerSeconds, 1_000, 15_000);
        }
    }

    private record Drain(String reason, int perSecond, Promise<Void> done) {}

    /** Creates a registry, and starts its timer on the event loop of the caller. */
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
     * Responds with an SSE stream.
     *
     * @param request its response head is not written yet; sets the status and the headers of a stream
     * @param firstFrame written together with the head
     * @return the stream, closed already when the client has disconnected
     */
    SseStream open(HttpServerRequest request, Buffer firstFrame, SseStream.Producer producer) {
        request.response()
                .setStatusCode(200)
                .setChunked(true)
                .putHeader(HttpHeaders.CONTENT_TYPE, EVENT_STREAM)
                .putHeader(HttpHeaders.CACHE_CONTROL, NO_STORE)
                .putHeader(ACCEL_BUFFERING, NO);
        // A random start spreads the comments of streams that open at the same time, as after a restart.
        SseStream stream = new SseStream(this, request, producer, random.nextInt(timings.commentSeconds()));
        register(stream);
        stream.open(firstFrame);
        closeIfDraining(stream);
        return stream;
    }

    /** Adds a stream, and calls its {@link RegisteredStream#tick} every second until it is unregistered. */
    public void register(RegisteredStream stream) {
        stream.index = streams.size();
        streams.add(stream);
    }

    /** Closes a new stream when {@link #closeAll} was called before. */
    public void closeIfDraining(RegisteredStream stream) {
        if (drain != null) {
            stream.closeWithReason(drain.reason());
        }
    }

    /** Returns the number of registered streams. */
    int size() {
        return streams.size();
    }

    /** Returns a random reconnect delay, so that closed clients do not reconnect at the same time. */
    public int randomRetryMs() {
        return random.nextInt(timings.minRetryMs(), timings.maxRetryMs() + 1);
    }

    /**
     * Closes all streams in batches, one batch per second, so that their clients do not all reconnect at once. New streams are
     * closed at once from then on.
     *
     * @param seconds time over which the streams are closed
     * @return completes when all streams are closed
     */
    public Future<Void> closeAll(String reason, int seconds) {
        if (drain == null) {
            int perSecond = Math.max(1, (streams.size() + seconds - 1) / Math.max(1, seconds));
            drain = new Drain(reason, perSecond, Promise.promise());
            closeNextBatch();
        }
        return drain.done().future();
    }

    /** Calls {@link RegisteredStream#tick} of all streams, and closes the next batch of a drain. */
    void tickAll() {
        // Iterates backwards: unregister moves the last stream into the gap, and the last was called already.
        for (int i = streams.size() - 1; i >= 0; i--) {
            if (i < streams.size()) {
                streams.get(i).tick(timings);
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

    /** Removes a stream in constant time: moves the last stream into its place. */
    public void unregister(RegisteredStream stream) {
        RegisteredStream last = streams.remove(streams.size() - 1);
        if (last != stream) {
            streams.set(stream.index, last);
            last.index = stream.index;
        }
        stream.index = -1;
    }
}
