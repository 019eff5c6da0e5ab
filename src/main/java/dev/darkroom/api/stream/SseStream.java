package dev.darkroom.api.stream;

import dev.darkroom.api.transport.ResponseWriter;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.json.JsonObject;

/**
 * One SSE stream: a response without an end. A process may hold tens of thousands, so a stream uses little memory and has no
 * timer: {@link StreamRegistry} opens it and calls it every second. Confined to the event loop of its connection.
 *
 * <p>Frames wait in the write queue of the connection until the client reads them. The queue is bounded only if the producer
 * stops sending while {@link #isFull()} is true, and continues on {@link Producer#onDrain()}.
 */
public final class SseStream extends RegisteredStream {
    /** Sends the frames of a stream. Called on the event loop of the stream. */
    public interface Producer {
        /** The write queue has room again. */
        void onDrain();

        /** The stream was closed, by either side. Called once, as the last call. */
        void onClose();

        /** Returns the data of the next {@code ping} event; null to send none. */
        JsonObject createPing();
    }

    private final StreamRegistry registry;
    private final HttpConnection connection;
    private final boolean multiplexed;
    private final HttpServerResponse response;
    private final ResponseWriter writer;
    private final Producer producer;

    /** Null for a stream without an admission. */
    private Runnable permit;

    private int secondsSilent;
    private int secondsSincePing;

    SseStream(StreamRegistry registry, HttpServerRequest request, Producer producer, int secondsSilent) {
        this.registry = registry;
        // Keeps no reference to the request, which takes about a kilobyte.
        this.connection = request.connection();
        this.multiplexed = request.version() == HttpVersion.HTTP_2;
        this.response = request.response();
        this.writer = new ResponseWriter(request);
        this.producer = producer;
        this.secondsSilent = secondsSilent;
    }

    /** Writes the response head and the first frame. */
    void open(Buffer firstFrame) {
        response.setWriteQueueMaxSize(MAX_QUEUE_BYTES)
                .drainHandler(room -> resumeProducer())
                // A lost connection calls both handlers, a protocol error may call only the exception handler.
                .closeHandler(closed -> close())
                .exceptionHandler(failure -> close());
        if (response.closed()) {
            // Closed before the handlers were set, so none of them is called.
            close();
        } else {
            writer.write(firstFrame);
        }
    }

    /** Releases a permit when the stream closes. The stream must be open. */
    void releaseOnClose(Runnable streamPermit) {
        permit = streamPermit;
    }

    /** Returns whether the producer must wait for {@link Producer#onDrain()}. Also true after the close, when no call follows. */
    public boolean isFull() {
        return isClosed() || response.writeQueueFull();
    }

    /** Sends a frame. Does nothing when the stream is closed. */
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

    /** Sends the reason and the given reconnect delay to the client, and closes. Does nothing when already closed. */
    public void closeWithReason(String reason, int retryMs) {
        end(SseFrameEncoder.closeEvent(reason, retryMs));
    }

    /** Sends a last frame and closes. Does nothing when already closed. */
    void end(Buffer lastFrame) {
        if (!isClosed()) {
            writer.endWith(lastFrame);
            close();
        }
    }

    @Override
    protected boolean isQueueFull() {
        return response.writeQueueFull();
    }

    /** Sends pings and comments. */
    @Override
    protected void onSecond(StreamRegistry.StreamTimings streamTimings) {
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

    @Override
    protected void abort() {
        ResponseWriter.abort(connection, response, multiplexed);
        close();
    }

    private void resumeProducer() {
        onProgress();
        if (!isClosed()) {
            producer.onDrain();
        }
    }

    private void close() {
        if (!isClosed()) {
            registry.unregister(this);
            if (permit != null) {
                permit.run();
            }
            producer.onClose();
        }
    }
}
