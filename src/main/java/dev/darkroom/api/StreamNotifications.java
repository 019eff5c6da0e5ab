package dev.darkroom.api;

import dev.darkroom.notification.Frame;
import dev.darkroom.notification.StreamHub;
import dev.darkroom.notification.StreamSink;
import dev.darkroom.notification.Subscription;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.InstantSource;
import java.util.List;

/** {@code GET /api/notifications/stream}: a window on the caller's notifications that stays open. */
final class StreamNotifications implements OperationHandler {
    /** After how long a browser comes back by itself. */
    private static final int RETRY_MS = 3_000;

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
                frames.forEach(frame -> stream.send(frame.bytes(EventFrame::of)));
                sent = true;
                goOn();
            });
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
