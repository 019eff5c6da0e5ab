package dev.darkroom.generation;

import dev.darkroom.database.Hints;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.json.JsonObject;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Says that a generation has ended: one log line, and one event for whoever listens. And, more quietly, that one has come further.
 * Hints; the database is the truth.
 */
final class EndAnnouncer {
    private static final Logger LOG = LoggerFactory.getLogger(EndAnnouncer.class);

    private static final DeliveryOptions HERE = new DeliveryOptions().setLocalOnly(true);

    private final Vertx vertx;
    private final Hints hints;

    EndAnnouncer(Vertx vertx, Hints hints) {
        this.vertx = vertx;
        this.hints = hints;
    }

    /** It has come further, but not to its end: an attempt has started or failed. */
    void moved(UUID generationId) {
        vertx.eventBus().publish(GenerationBus.PROGRESS, generationId.toString(), HERE);
        tellOthers(generationId);
    }

    void announce(LeaseStore.Ended ended) {
        EndedGeneration generation = ended.generation();
        boolean complete = generation.status() == GenerationStatus.COMPLETE;
        LoggingEventBuilder line = complete ? LOG.atInfo() : LOG.atWarn();
        line = line.addKeyValue("generation", generation.id())
                .addKeyValue("durationMs", ended.age().toMillis());
        if (!complete) {
            line = line.addKeyValue("code", generation.errorCode());
        }
        line.log(complete ? "generation completed" : "generation failed");
        vertx.eventBus()
                .publish(
                        GenerationBus.EVENTS,
                        new JsonObject()
                                .put("version", 1)
                                .put("type", "generation.ended")
                                .put("id", generation.id().toString())
                                .put("user", generation.userId())
                                .put("status", generation.status().name()));
        hints.send(GenerationBus.ENDED_HINT);
        tellOthers(generation.id());
    }

    private void tellOthers(UUID generationId) {
        hints.send(GenerationBus.PROGRESS_HINT, generationId.toString());
    }
}
