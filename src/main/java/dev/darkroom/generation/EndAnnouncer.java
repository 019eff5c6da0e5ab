package dev.darkroom.generation;

import dev.darkroom.database.Hints;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/** Says that a generation has ended: one log line, and one event for whoever listens. Hints; the database is the truth. */
final class EndAnnouncer {
    private static final Logger LOG = LoggerFactory.getLogger(EndAnnouncer.class);

    private final Vertx vertx;
    private final Hints hints;

    EndAnnouncer(Vertx vertx, Hints hints) {
        this.vertx = vertx;
        this.hints = hints;
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
    }
}
