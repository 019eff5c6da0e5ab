package dev.darkroom.api.notification;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.stream.LastEventId;
import dev.darkroom.api.stream.SseFrameEncoder;
import dev.darkroom.api.stream.SseStream;
import dev.darkroom.api.stream.StreamAdmission;
import dev.darkroom.notification.stream.NotificationFrame;
import dev.darkroom.notification.stream.NotificationFrameSink;
import dev.darkroom.notification.stream.NotificationHub;
import dev.darkroom.notification.stream.NotificationSubscription;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.InstantSource;
import java.util.List;

/** {@code GET /api/notifications/stream}: a window on the caller's notifications that stays open. */
public final class StreamNotificationsHandler implements OperationHandler {
    /** After how long a browser comes back by itself. */
    private static final int RECONNECT_DELAY_MS = 3_000;

    /** The connection takes sixteen, so that 32 KB wait for somebody who does not read, and what is left of a page. */
    private static final int PIECE_BYTES = 2 * 1024;

    private final StreamAdmission admission;
    private final NotificationHub hub;
    private final InstantSource clock;

    public StreamNotificationsHandler(StreamAdmission desk, NotificationHub hub, InstantSource clock) {
        this.admission = desk;
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
    public void handle(OperationContext operationContext) {
        String cursor = LastEventId.read(operationContext);
        HubSubscriber hubSubscriber = new HubSubscriber(Vertx.currentContext(), clock);
        hubSubscriber.stream =
                admission.open(operationContext, SseFrameEncoder.retry(RECONNECT_DELAY_MS), hubSubscriber);
        if (!hubSubscriber.stream.isClosed()) {
            hubSubscriber.notificationSubscription = hub.subscribe(
                    operationContext.user(), cursor, operationContext.parameter("subscriber"), hubSubscriber);
        }
    }

    /** Between a stream, on its event loop, and the hub, on the hub's. */
    private static final class HubSubscriber implements SseStream.Producer, NotificationFrameSink {
        private final Context eventLoop;
        private final InstantSource clock;
        private SseStream stream;
        private NotificationSubscription notificationSubscription;

        /** Something was sent, and the hub has not been told yet that it may go on. */
        private boolean awaitingDrain;

        HubSubscriber(Context eventLoop, InstantSource clock) {
            this.eventLoop = eventLoop;
            this.clock = clock;
        }

        @Override
        public void send(List<NotificationFrame> frames) {
            eventLoop.runOnContext(here -> {
                if (frames.size() == 1) {
                    // The same bytes for all who get it.
                    stream.send(frames.get(0).encoded(SseFrameEncoder::encode));
                } else {
                    writePieces(frames);
                }
                awaitingDrain = true;
                requestMore();
            });
        }

        /**
         * A page is a few writes: each is a call of the operating system, and who comes back has missed many. It is not one, since a
         * connection says that it is full by how many writes wait, whatever their size.
         */
        private void writePieces(List<NotificationFrame> frames) {
            Buffer piece = null;
            for (NotificationFrame notificationFrame : frames) {
                Buffer next = notificationFrame.encoded(SseFrameEncoder::encode);
                if (piece != null && piece.length() + next.length() > PIECE_BYTES) {
                    stream.send(piece);
                    piece = null;
                }
                piece = piece == null ? Buffer.buffer(PIECE_BYTES).appendBuffer(next) : piece.appendBuffer(next);
            }
            stream.send(piece);
        }

        @Override
        public void onDrain() {
            requestMore();
        }

        private void requestMore() {
            if (awaitingDrain && !stream.isFull()) {
                awaitingDrain = false;
                notificationSubscription.markWritable();
            }
        }

        @Override
        public JsonObject createPing() {
            return NotificationPing.create(clock, notificationSubscription);
        }

        @Override
        public void onClose() {
            if (notificationSubscription != null) {
                notificationSubscription.close();
            }
        }
    }
}
