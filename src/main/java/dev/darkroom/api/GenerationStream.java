package dev.darkroom.api;

import dev.darkroom.command.Timestamp;
import dev.darkroom.generation.GenerationEvents;
import dev.darkroom.generation.ProgressWatch;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Iterator;

/** The events of one generation for one reader. For the event loop of its connection. */
final class GenerationStream implements EventStream.Owner {
    /** Nothing is remembered for a reader who is away: coming back soon costs little. */
    private static final int RETRY_MS = 3_000;

    private static final String EVENT = "generation";

    private ProgressWatch.Watcher watcher;
    private EventStream stream;

    /** What was told last. */
    private long version;

    /** What is to be told, as it stands. */
    private JsonObject latest;

    /**
     * Begins.
     *
     * @param watching null when there is no room for another
     * @param known the version that the reader knows, null when none
     */
    void open(Exchange exchange, StreamDesk desk, ProgressWatch.Watcher watching, JsonObject generation, Long known) {
        watcher = watching;
        // What was told by the watch meanwhile may be newer than what was read.
        if (latest == null || GenerationEvents.version(latest) < GenerationEvents.version(generation)) {
            latest = generation;
        }
        version = known == null ? GenerationEvents.version(latest) : known;
        Buffer first = known == null
                ? EventFrame.withRetry(RETRY_MS, frame(GenerationEvents.state(latest)))
                : EventFrame.first(String.valueOf(version), RETRY_MS);
        stream = desk.open(exchange, first, this);
        if (watching == null) {
            stream.bye("FULL", desk.retryWhenFull());
        } else {
            tell();
        }
    }

    /** @param generation null when it is not there any more */
    void changed(JsonObject generation) {
        if (generation == null) {
            if (stream != null) {
                stream.bye("ENDED");
            }
        } else {
            latest = generation;
            if (stream != null) {
                tell();
            }
        }
    }

    private void tell() {
        Iterator<JsonObject> news = GenerationEvents.after(latest, version).iterator();
        while (news.hasNext()) {
            if (stream.full()) {
                return;
            }
            JsonObject event = news.next();
            version = event.getLong("version");
            stream.send(frame(event));
        }
        if (GenerationEvents.ended(latest)) {
            stream.bye("ENDED");
        }
    }

    private static Buffer frame(JsonObject event) {
        return EventFrame.event(String.valueOf(event.getLong("version")), EVENT, event);
    }

    @Override
    public void drained() {
        tell();
    }

    @Override
    public void closed() {
        if (watcher != null) {
            watcher.close();
        }
    }

    @Override
    public JsonObject ping() {
        return new JsonObject().put("at", Timestamp.text(Instant.now())).put("version", version);
    }
}
