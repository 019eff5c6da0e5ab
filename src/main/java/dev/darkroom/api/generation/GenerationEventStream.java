package dev.darkroom.api.generation;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.stream.SseFrameEncoder;
import dev.darkroom.api.stream.SseStream;
import dev.darkroom.api.stream.StreamAdmission;
import dev.darkroom.api.stream.StreamKind;
import dev.darkroom.eventbus.Rfc3339Timestamp;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.json.GenerationEventHistory;
import dev.darkroom.generation.watch.JobProgressSignal;
import dev.darkroom.generation.watch.ProgressSubscribers;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Iterator;

/** Streams the events of one generation to one client. Confined to the event loop of the connection. */
final class GenerationEventStream implements SseStream.Producer {
    /** Reconnect delay sent to the client. Short, since a disconnected client uses no memory here. */
    private static final int RECONNECT_DELAY_MS = 3_000;

    private static final String EVENT_NAME = "generation";

    private ProgressSubscribers.Subscriber subscriber;
    private SseStream stream;

    /** Version of the last event sent to the client, or known to it from an earlier connection. */
    private long sentVersion;

    /** The newest known state of the generation. Null before the first. */
    private Generation latest;

    /**
     * Opens the stream. Closes it with the reason {@code AT_CAPACITY} when there is no subscriber.
     *
     * @param subscriber null when the limit of subscribers is reached
     * @param knownVersion the last version that the client received; null for a new client
     */
    void open(
            OperationContext operationContext,
            StreamAdmission admission,
            ProgressSubscribers.Subscriber subscriber,
            Generation generation,
            Long knownVersion) {
        this.subscriber = subscriber;
        // A change received in the meantime may be newer than the generation that was read.
        if (latest == null || latest.version() < generation.version()) {
            latest = generation;
        }
        sentVersion = knownVersion == null ? latest.version() : knownVersion;
        Buffer firstFrame = knownVersion == null
                ? SseFrameEncoder.withRetry(RECONNECT_DELAY_MS, frame(GenerationEventHistory.snapshotEvent(latest)))
                : SseFrameEncoder.firstFrame(String.valueOf(sentVersion), RECONNECT_DELAY_MS);
        stream = admission.open(operationContext, StreamKind.GENERATION_SSE, firstFrame, this);
        if (subscriber == null) {
            stream.closeWithReason("AT_CAPACITY", admission.randomRetryMs());
        } else {
            sendPendingEvents();
        }
    }

    /** @param generation null when it was deleted */
    void onChange(Generation generation) {
        if (generation == null) {
            if (stream != null) {
                stream.closeWithReason("ENDED");
            }
        } else {
            latest = generation;
            if (stream != null) {
                sendPendingEvents();
            }
        }
    }

    /** Sends progress of the running attempt, without an event id: it is not repeated after a reconnection. */
    void onJobProgress(JobProgressSignal signal) {
        if (stream != null && latest.isPending() && !stream.isFull()) {
            stream.send(SseFrameEncoder.eventWithoutId(
                    EVENT_NAME, GenerationEventHistory.progressEvent(latest, signal.attempt(), signal.progress())));
        }
    }

    private void sendPendingEvents() {
        Iterator<JsonObject> events =
                GenerationEventHistory.eventsAfter(latest, sentVersion).iterator();
        while (events.hasNext()) {
            if (stream.isFull()) {
                return;
            }
            JsonObject event = events.next();
            sentVersion = event.getLong("version");
            stream.send(frame(event));
        }
        if (!latest.isPending()) {
            stream.closeWithReason("ENDED");
        }
    }

    private static Buffer frame(JsonObject event) {
        return SseFrameEncoder.event(String.valueOf(event.getLong("version")), EVENT_NAME, event);
    }

    @Override
    public void onDrain() {
        sendPendingEvents();
    }

    @Override
    public void onClose() {
        if (subscriber != null) {
            subscriber.close();
        }
    }

    @Override
    public JsonObject createPing() {
        return new JsonObject()
                .put("at", Rfc3339Timestamp.format(Instant.now()))
                .put("version", sentVersion);
    }
}
