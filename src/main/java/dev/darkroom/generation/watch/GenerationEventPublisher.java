package dev.darkroom.generation.watch;

import dev.darkroom.database.NotifyChannel;
import dev.darkroom.generation.FinishedGeneration;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.GenerationStatus;
import dev.darkroom.generation.store.GenerationLeaseStore;
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
public final class GenerationEventPublisher {
    private static final Logger LOG = LoggerFactory.getLogger(GenerationEventPublisher.class);

    private static final DeliveryOptions LOCAL_ONLY = new DeliveryOptions().setLocalOnly(true);

    private final Vertx vertx;
    private final NotifyChannel notifyChannel;

    public GenerationEventPublisher(Vertx vertx, NotifyChannel notifyChannel) {
        this.vertx = vertx;
        this.notifyChannel = notifyChannel;
    }

    /** It has come further, but not to its end: an attempt has started or failed. */
    public void publishProgress(UUID generationId) {
        vertx.eventBus().publish(GenerationBus.PROGRESS, generationId.toString(), LOCAL_ONLY);
        signalOtherNodes(generationId);
    }

    public void publishFinished(GenerationLeaseStore.FinishRecord finishRecord) {
        FinishedGeneration generation = finishRecord.generation();
        boolean complete = generation.status() == GenerationStatus.COMPLETE;
        LoggingEventBuilder line = complete ? LOG.atInfo() : LOG.atWarn();
        line = line.addKeyValue("generation", generation.id())
                .addKeyValue("durationMs", finishRecord.totalTime().toMillis());
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
        notifyChannel.send(GenerationBus.FINISHED_SIGNAL);
        signalOtherNodes(generation.id());
    }

    private void signalOtherNodes(UUID generationId) {
        notifyChannel.send(GenerationBus.PROGRESS_SIGNAL, generationId.toString());
    }
}
