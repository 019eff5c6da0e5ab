package dev.darkroom.generation.watch;

import dev.darkroom.backend.JobProgress;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.generation.FinishedGeneration;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.GenerationSignals;
import dev.darkroom.generation.GenerationStatus;
import dev.darkroom.generation.store.GenerationOutcomeStore;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Publishes the end of a generation, as one log line and one event, and its progress. Delivery is best
 * effort; the database is authoritative.
 */
public final class GenerationEventPublisher {
    private static final Logger LOG = LoggerFactory.getLogger(GenerationEventPublisher.class);

    private final Vertx vertx;
    private final NotifyChannel notifyChannel;

    public GenerationEventPublisher(Vertx vertx, NotifyChannel notifyChannel) {
        this.vertx = vertx;
        this.notifyChannel = notifyChannel;
    }

    /** Publishes that an attempt of a generation has started or failed. */
    public void publishProgress(UUID generationId) {
        GenerationSignals.PROGRESS.publish(notifyChannel, generationId.toString());
    }

    /** Publishes the progress of the job of an attempt. Must be called after it is stored. */
    public void publishJobProgress(GenerationLease generationLease, JobProgress progress) {
        GenerationSignals.JOB_PROGRESS.publish(
                notifyChannel,
                new JobProgressSignal(generationLease.generationId(), generationLease.number(), progress).key());
        JsonObject event = new JsonObject()
                .put("version", 1)
                .put("type", "attempt.progress")
                .put("id", generationLease.generationId().toString())
                .put("user", generationLease.userId())
                .put("status", GenerationStatus.PENDING.name())
                .put("attempt", generationLease.number());
        if (progress.percent() != null) {
            event.put("percent", progress.percent());
        }
        if (progress.queuePosition() != null) {
            event.put("queuePosition", progress.queuePosition());
        }
        vertx.eventBus().publish(GenerationBus.EVENTS, event);
    }

    /** Logs and publishes the end of a generation. Must be called after the commit. */
    public void publishFinished(GenerationOutcomeStore.FinishRecord finishRecord) {
        FinishedGeneration generation = finishRecord.generation();
        boolean complete = generation.status() == GenerationStatus.COMPLETE;
        LoggingEventBuilder line = complete ? LOG.atInfo() : LOG.atWarn();
        line = line.addKeyValue("generation", generation.id())
                .addKeyValue("durationMs", finishRecord.generation().totalTime().toMillis());
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
        GenerationSignals.FINISHED.publish(notifyChannel, generation.id().toString());
        publishProgress(generation.id());
    }
}
