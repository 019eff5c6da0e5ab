package dev.darkroom.api;

import dev.darkroom.notification.Frame;
import dev.darkroom.notification.StreamHub;
import dev.darkroom.notification.StreamSink;
import dev.darkroom.notification.Subscription;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.InstantSource;
import java.util.List;

/** {@code GET /api/notifications/stream}: a window on the caller's notifications that stays open. */
final class StreamNotifications implements OperationHandler {
    /** After how long a browser comes back by itself. */
    private static final int RETRY_MS = 3_000;

    /** The connection takes sixteen, so that 32 KB wait for somebody who does not read, and what is left of a page. */
    private static final int PIECE_BYTES = 2 * 1024;

    private final StreamDesk desk;
    private final StreamHub hub;
    private final InstantSource clock;

    StreamNotifications(StreamDesk desk, StreamHub hub, InstantSource clock) {
        this.desk = desk;
        this.hub = hub;
        this.clock = clock;
    }

    @Override
    public String operationId() {
        return "streamNotifications";
    }

    @Override
    public boolean opensStream() {
        return true;
    }

    @Override
    public void handle(Exchange exchange) {
        String cursor = LastEventId.of(exchange);
        Window window = new Window(Vertx.currentContext(), clock);
        window.stream = desk.open(exchange, EventFrame.retry(RETRY_MS), window);
        if (!window.stream.over()) {
            window.subscription = hub.open(exchange.user(), cursor, exchange.parameter("subscriber"), window);
        }
    }

    /** Between a stream, on its event loop, and the hub, on the hub's. */
    private static final class Window implements EventStream.Owner, StreamSink {
        private final Context eventLoop;
        private final InstantSource clock;
        private EventStream stream;
        private Subscription subscription;

        /** Something was sent, and the hub has not been told yet that it may go on. */
        private boolean sent;

        Window(Context eventLoop, InstantSource clock) {
            this.eventLoop = eventLoop;
            this.clock = clock;
        }

        @Override
        public void send(List<Frame> frames) {
            eventLoop.runOnContext(here -> {
                if (frames.size() == 1) {
                    // The same bytes for all who get it.
                    stream.send(frames.get(0).bytes(EventFrame::of));
                } else {
                    write(frames);
                }
                sent = true;
                goOn();
            });
        }

        /**
         * A page is a few writes: each is a call of the operating system, and who comes back has missed many. It is not one, since a
         * connection says that it is full by how many writes wait, whatever their size.
         */
        private void write(List<Frame> frames) {
            Buffer piece = null;
            for (Frame frame : frames) {
                Buffer next = frame.bytes(EventFrame::of);
                if (piece != null && piece.length() + next.length() > PIECE_BYTES) {
                    stream.send(piece);
                    piece = null;
                }
                piece = piece == null ? Buffer.buffer(PIECE_BYTES).appendBuffer(next) : piece.appendBuffer(next);
            }
            stream.send(piece);
        }

        @Override
        public void drained() {
            goOn();
        }

        private void goOn() {
            if (sent && !stream.full()) {
                sent = false;
                subscription.ready();
            }
        }

        @Override
        public JsonObject ping() {
            return Ping.of(clock, subscription);
        }

        @Override
        public void closed() {
            if (subscription != null) {
                subscription.close();
            }
        }
    }
}
