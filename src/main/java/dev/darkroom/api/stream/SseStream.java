package dev.darkroom.api.stream;

import dev.darkroom.api.transport.ResponseWriter;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.json.JsonObject;

/**
 * One event stream: an answer without an end. There may be tens of thousands, so it holds little, and has no timer of its own:
 * {@link StreamRegistry} opens it and walks over all. For the event loop of its connection.
 *
 * <p>What is sent waits in the connection's write queue until the reader takes it. That is bounded only if the owner stops when it
 * is {@link #isFull()}, and goes on when it is told {@link Producer#onDrain()}.
 */
public final class SseStream implements StreamRegistry.Entry {
    /** Who sends. Called on the stream's event loop. */
    public interface Producer {
        /** The reader has caught up: there is room again. */
        void onDrain();

        /** It is over, whoever ended it. Told once, and the last that is told. */
        void onClose();

        /** What a visible sign of life says; null for one that only proxies see. */
        JsonObject createPing();
    }

    /** What may wait for a reader who does not read: a few frames. Netty's own 64 KiB, times the streams, would be much. */
    private static final int MAX_QUEUE_BYTES = 32 * 1024;

    private final StreamRegistry registry;
    private final HttpConnection connection;
    private final boolean multiplexed;
    private final HttpServerResponse response;
    private final ResponseWriter writer;
    private final Producer producer;

    /** Where it stands among all; negative when it does not, before it is open and when it is over. */
    private int index = -1;

    private int secondsSilent;
    private int secondsSincePing;
    private int secondsFull;

    SseStream(StreamRegistry all, HttpServerRequest request, Producer producer, int secondsSilent) {
        this.registry = all;
        // Not the request, which is a kilobyte that nobody needs any more.
        this.connection = request.connection();
        this.multiplexed = request.version() == HttpVersion.HTTP_2;
        this.response = request.response();
        this.writer = new ResponseWriter(request);
        this.producer = producer;
        this.secondsSilent = secondsSilent;
    }

    /** Writes head and first frame. */
    void open(Buffer first) {
        response.setWriteQueueMaxSize(MAX_QUEUE_BYTES)
                .drainHandler(room -> resumeProducer())
                // A lost connection tells both, one that breaks the protocol perhaps only the latter.
                .closeHandler(closed -> close())
                .exceptionHandler(failure -> close());
        if (response.closed()) {
            // While we made up our mind, and nobody would tell us any more.
            close();
        } else {
            writer.write(first);
        }
    }

    /** Whether it has ended, or the connection is lost. */
    public boolean isClosed() {
        return index < 0;
    }

    /** Whether the owner has to wait until it is told {@link Producer#onDrain()}. Also when it is over, then in vain. */
    public boolean isFull() {
        return isClosed() || response.writeQueueFull();
    }

    /** Sends a frame. Nothing when it is over. */
    public void send(Buffer frame) {
        if (!isClosed()) {
            secondsSilent = 0;
            writer.write(frame);
        }
    }

    @Override
    public void closeWithReason(String reason) {
        if (!isClosed()) {
            end(SseFrameEncoder.closeEvent(reason, registry.randomRetryMs()));
        }
    }

    /** The same with a time that somebody else has chosen. */
    public void bye(String reason, int retryMs) {
        end(SseFrameEncoder.closeEvent(reason, retryMs));
    }

    /** Ends with a last frame. Nothing when it is over. */
    void end(Buffer last) {
        if (!isClosed()) {
            writer.endWith(last);
            close();
        }
    }

    @Override
    public int index() {
        return index;
    }

    @Override
    public void index(int place) {
        this.index = place;
    }

    /** A second has passed. Whoever was told to wait for so long that nobody reads any more is cut off: an end would wait too. */
    @Override
    public void onSecond(StreamRegistry.StreamTimings streamTimings) {
        if (response.writeQueueFull()) {
            secondsFull++;
            if (secondsFull >= streamTimings.slowConsumerSeconds()) {
                abort();
                close();
            }
            return;
        }
        secondsFull = 0;
        secondsSincePing++;
        secondsSilent++;
        if (secondsSincePing >= streamTimings.pingSeconds()) {
            secondsSincePing = 0;
            JsonObject ping = producer.createPing();
            if (ping != null) {
                send(SseFrameEncoder.eventWithoutId("ping", ping));
            }
        }
        if (secondsSilent >= streamTimings.commentSeconds()) {
            send(StreamRegistry.KEEP_ALIVE_COMMENT);
        }
    }

    private void abort() {
        ResponseWriter.abort(connection, response, multiplexed);
    }

    private void resumeProducer() {
        secondsFull = 0;
        if (!isClosed()) {
            producer.onDrain();
        }
    }

    private void close() {
        if (!isClosed()) {
            registry.unregister(this);
            producer.onClose();
        }
    }
}
