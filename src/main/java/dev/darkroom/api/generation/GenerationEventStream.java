package dev.darkroom.api.generation;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.stream.SseFrameEncoder;
import dev.darkroom.api.stream.SseStream;
import dev.darkroom.api.stream.StreamAdmission;
import dev.darkroom.eventbus.Rfc3339Timestamp;
import dev.darkroom.generation.GenerationEventHistory;
import dev.darkroom.generation.watch.ProgressSubscribers;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Iterator;

/** The events of one generation for one reader. For the event loop of its connection. */
final class GenerationEventStream implements SseStream.Producer {
    /** Nothing is remembered for a reader who is away: coming back soon costs little. */
    private static final int RECONNECT_DELAY_MS = 3_000;

    private static final String EVENT_NAME = "generation";

    private ProgressSubscribers.Subscriber subscriber;
    private SseStream stream;

    /** What was told last. */
    private long sentVersion;

    /** What is to be told, as it stands. */
    private JsonObject latest;

    /**
     * Begins.
     *
     * @param watching null when there is no room for another
     * @param known the version that the reader knows, null when none
     */
    void open(
            OperationContext operationContext,
            StreamAdmission desk,
            ProgressSubscribers.Subscriber watching,
            JsonObject generation,
            Long known) {
        subscriber = watching;
        // What was told by the watch meanwhile may be newer than what was read.
        if (latest == null || GenerationEventHistory.version(latest) < GenerationEventHistory.version(generation)) {
            latest = generation;
        }
        sentVersion = known == null ? GenerationEventHistory.version(latest) : known;
        Buffer first = known == null
                ? SseFrameEncoder.withRetry(RECONNECT_DELAY_MS, frame(GenerationEventHistory.snapshotEvent(latest)))
                : SseFrameEncoder.firstFrame(String.valueOf(sentVersion), RECONNECT_DELAY_MS);
        stream = desk.open(operationContext, first, this);
        if (watching == null) {
            stream.bye("FULL", desk.randomRetryMs());
        } else {
            sendPendingEvents();
        }
    }

    /** @param generation null when it is not there any more */
    void onChange(JsonObject generation) {
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

    private void sendPendingEvents() {
        Iterator<JsonObject> news =
                GenerationEventHistory.eventsAfter(latest, sentVersion).iterator();
        while (news.hasNext()) {
            if (stream.isFull()) {
                return;
            }
            JsonObject event = news.next();
            sentVersion = event.getLong("version");
            stream.send(frame(event));
        }
        if (GenerationEventHistory.isFinished(latest)) {
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
