package dev.darkroom.api.stream;

import dev.darkroom.api.stream.StreamRegistry.StreamTimings;

/**
 * An SSE stream or WebSocket of a {@link StreamRegistry}. Disconnects a slow consumer: aborts the connection when the write queue stays
 * full for {@code streams.slowConsumerTimeout} (backpressure). Two limits of the transport apply to every connection in addition: {@code
 * UnsentByteTracker}, when the operating system sends nothing for the same time, and {@code UnsentByteBudget}, when all connections
 * together hold too many unsent bytes. Confined to the event loop of its connection.
 */
public abstract class RegisteredStream {
    /** Write queue of a stream: a few frames. The default of Netty, 64 KiB, would use too much memory per process. */
    protected static final int MAX_QUEUE_BYTES = 32 * 1024;

    /** Index in the registry, which alone changes it; negative before the stream is registered and after its close. */
    int index = -1;

    private int secondsFull;

    /** Returns whether the stream was closed or the connection lost. */
    public final boolean isClosed() {
        return index < 0;
    }

    /** Sends the reason and a random reconnect delay to the client, and closes. Does nothing when already closed. */
    public abstract void closeWithReason(String reason);

    protected abstract boolean isQueueFull();

    /** Closes the stream and aborts its connection: a last frame would wait in the full queue. */
    protected abstract void abort();

    /** Called every second while the write queue has room. */
    protected abstract void onSecond(StreamTimings streamTimings);

    /** Restarts the time of a slow consumer. Called when the write queue has room again. */
    protected final void onProgress() {
        secondsFull = 0;
    }

    /** Called every second. */
    protected void tick(StreamTimings streamTimings) {
        if (!isQueueFull()) {
            secondsFull = 0;
            onSecond(streamTimings);
        } else if (++secondsFull >= streamTimings.slowConsumerSeconds()) {
            abort();
        }
    }
}
