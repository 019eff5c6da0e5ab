package dev.darkroom.api.notification;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.stream.LastEventId;
import dev.darkroom.api.stream.SseFrameEncoder;
import dev.darkroom.api.stream.SseStream;
import dev.darkroom.api.stream.StreamAdmission;
import dev.darkroom.api.stream.StreamKind;
import dev.darkroom.notification.stream.NotificationFrame;
import dev.darkroom.notification.stream.NotificationFrameSink;
import dev.darkroom.notification.stream.NotificationHub;
import dev.darkroom.notification.stream.NotificationSubscription;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** {@code GET /api/notifications/stream}: streams the notifications of the user as server-sent events. */
public record StreamNotificationsHandler(StreamAdmission admission, NotificationHub hub) implements OperationHandler {
    /** Reconnect delay of a browser after a lost connection. */
    private static final int RECONNECT_DELAY_MS = 3_000;

    /** Size of a batch write. The write queue holds sixteen of them, 32 KiB, plus the rest of a page. */
    private static final int BATCH_BYTES = 2 * 1024;

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
        HubSubscriber hubSubscriber = new HubSubscriber();
        hubSubscriber.stream = admission.open(
                operationContext,
                StreamKind.NOTIFICATIONS_SSE,
                SseFrameEncoder.retry(RECONNECT_DELAY_MS),
                hubSubscriber);
        if (!hubSubscriber.stream.isClosed()) {
            hubSubscriber.notificationSubscription = hub.subscribe(
                    operationContext.user(), cursor, operationContext.parameter("subscriber"), hubSubscriber);
        }
    }

    /** Forwards frames from the event loop of the hub to the event loop of the stream, and backpressure the other way. */
    private static final class HubSubscriber implements SseStream.Producer, NotificationFrameSink {
        private final Context eventLoop = Vertx.currentContext();
        private SseStream stream;
        private NotificationSubscription notificationSubscription;

        /** Whether frames were sent and {@link NotificationSubscription#markWritable} was not called since. */
        private boolean awaitingDrain;

        @Override
        public void send(List<NotificationFrame> frames) {
            eventLoop.runOnContext(ignored -> {
                if (frames.size() == 1) {
                    // All streams of the user share the encoded bytes.
                    stream.send(frames.get(0).encoded(SseFrameEncoder::encode));
                } else {
                    writeBatches(frames);
                }
                awaitingDrain = true;
                requestMore();
            });
        }

        /**
         * Writes a page of missed notifications in batches, since each write is a system call. Does not use a single write, since
         * the write queue counts the waiting writes and not their bytes.
         */
        private void writeBatches(List<NotificationFrame> frames) {
            Buffer batch = null;
            for (NotificationFrame notificationFrame : frames) {
                Buffer next = notificationFrame.encoded(SseFrameEncoder::encode);
                if (batch != null && batch.length() + next.length() > BATCH_BYTES) {
                    stream.send(batch);
                    batch = null;
                }
                batch = batch == null ? Buffer.buffer(BATCH_BYTES).appendBuffer(next) : batch.appendBuffer(next);
            }
            stream.send(batch);
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
            return NotificationPing.create(notificationSubscription);
        }

        @Override
        public void onClose() {
            if (notificationSubscription != null) {
                notificationSubscription.close();
            }
        }
    }
}
