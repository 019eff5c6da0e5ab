package dev.darkroom.api;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.json.JsonObject;

/**
 * One event stream: an answer without an end. There may be tens of thousands, so it holds little, and has no timer of its own:
 * {@link EventStreams} opens it and walks over all. For the event loop of its connection.
 *
 * <p>What is sent waits in the connection's write queue until the reader takes it. That is bounded only if the owner stops when it
 * is {@link #full()}, and goes on when it is told {@link Owner#drained()}.
 */
final class EventStream implements EventStreams.Held {
    /** Who sends. Called on the stream's event loop. */
    interface Owner {
        /** The reader has caught up: there is room again. */
        void drained();

        /** It is over, whoever ended it. Told once, and the last that is told. */
        void closed();

        /** What a visible sign of life says; null for one that only proxies see. */
        JsonObject ping();
    }

    /** What may wait for a reader who does not read: a few frames. Netty's own 64 KiB, times the streams, would be much. */
    private static final int QUEUE_BYTES = 32 * 1024;

    private final EventStreams all;
    private final HttpConnection connection;
    private final boolean shared;
    private final HttpServerResponse response;
    private final ResponseWriter writer;
    private final Owner owner;

    /** Where it stands among all; negative when it does not, before it is open and when it is over. */
    private int place = -1;

    private int secondsSilent;
    private int secondsSincePing;
    private int secondsFull;

    EventStream(EventStreams all, HttpServerRequest request, Owner owner, int secondsSilent) {
        this.all = all;
        // Not the request, which is a kilobyte that nobody needs any more.
        this.connection = request.connection();
        this.shared = request.version() == HttpVersion.HTTP_2;
        this.response = request.response();
        this.writer = new ResponseWriter(request);
        this.owner = owner;
        this.secondsSilent = secondsSilent;
    }

    /** Writes head and first frame. */
    void open(Buffer first) {
        response.setWriteQueueMaxSize(QUEUE_BYTES)
                .drainHandler(room -> drained())
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
    boolean over() {
        return place < 0;
    }

    /** Whether the owner has to wait until it is told {@link Owner#drained()}. Also when it is over, then in vain. */
    boolean full() {
        return over() || response.writeQueueFull();
    }

    /** Sends a frame. Nothing when it is over. */
    void send(Buffer frame) {
        if (!over()) {
            secondsSilent = 0;
            writer.write(frame);
        }
    }

    @Override
    public void bye(String reason) {
        if (!over()) {
            end(EventFrame.bye(reason, all.retryMs()));
        }
    }

    /** The same with a time that somebody else has chosen. */
    void bye(String reason, int retryMs) {
        end(EventFrame.bye(reason, retryMs));
    }

    /** Ends with a last frame. Nothing when it is over. */
    void end(Buffer last) {
        if (!over()) {
            writer.endWith(last);
            close();
        }
    }

    @Override
    public int place() {
        return place;
    }

    @Override
    public void place(int place) {
        this.place = place;
    }

    /** A second has passed. Whoever was told to wait for so long that nobody reads any more is cut off: an end would wait too. */
    @Override
    public void second(EventStreams.Pace pace) {
        if (response.writeQueueFull()) {
            secondsFull++;
            if (secondsFull >= pace.full()) {
                cutOff();
                close();
            }
            return;
        }
        secondsFull = 0;
        secondsSincePing++;
        secondsSilent++;
        if (secondsSincePing >= pace.ping()) {
            secondsSincePing = 0;
            JsonObject ping = owner.ping();
            if (ping != null) {
                send(EventFrame.passing("ping", ping));
            }
        }
        if (secondsSilent >= pace.comment()) {
            send(EventStreams.STILL_HERE);
        }
    }

    private void cutOff() {
        ResponseWriter.abort(connection, response, shared);
    }

    private void drained() {
        secondsFull = 0;
        if (!over()) {
            owner.drained();
        }
    }

    private void close() {
        if (!over()) {
            all.remove(this);
            owner.closed();
        }
    }
}
