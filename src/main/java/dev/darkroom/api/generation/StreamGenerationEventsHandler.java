package dev.darkroom.api.generation;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.stream.LastEventId;
import dev.darkroom.api.stream.StreamAdmission;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.watch.JobProgressSignal;
import dev.darkroom.generation.watch.ProgressSubscribers;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.UUID;

/**
 * {@code GET /api/generation/{generationId}/events}. Sends the current state to a new client and the missed events to a
 * reconnecting one, then all further events until the generation has finished.
 */
public final class StreamGenerationEventsHandler implements OperationHandler {
    private final Vertx vertx;
    private final GenerationClient generations;
    private final ProgressSubscribers progress;
    private final StreamAdmission admission;

    public StreamGenerationEventsHandler(
            Vertx vertx, GenerationClient generations, ProgressSubscribers progress, StreamAdmission admission) {
        this.vertx = vertx;
        this.generations = generations;
        this.progress = progress;
        this.admission = admission;
    }

    @Override
    public String operationId() {
        return "streamGenerationEvents";
    }

    @Override
    public boolean opensStream() {
        return true;
    }

    @Override
    public void handle(OperationContext operationContext) {
        Context eventLoop = vertx.getOrCreateContext();
        UUID id = operationContext.uuid("generationId");
        GenerationEventStream stream = new GenerationEventStream();
        ProgressSubscribers.Subscriber subscriber = progress.subscribe(id, new ProgressSubscribers.ProgressListener() {
            @Override
            public void onChange(Generation changed) {
                eventLoop.runOnContext(ignored -> stream.onChange(changed));
            }

            @Override
            public void onJobProgress(JobProgressSignal signal) {
                eventLoop.runOnContext(ignored -> stream.onJobProgress(signal));
            }
        });
        generations
                .get(operationContext, id, Duration.ZERO)
                .onSuccess(generation -> openStream(operationContext, stream, subscriber, generation))
                .onFailure(failure -> {
                    if (subscriber != null) {
                        subscriber.close();
                    }
                    operationContext.fail(failure);
                });
    }

    private void openStream(
            OperationContext operationContext,
            GenerationEventStream stream,
            ProgressSubscribers.Subscriber subscriber,
            Generation generation) {
        long currentVersion = generation.version();
        Long knownVersion = LastEventId.readVersion(operationContext, currentVersion);
        if (!generation.isPending() && knownVersion != null && knownVersion == currentVersion) {
            if (subscriber != null) {
                subscriber.close();
            }
            // WHATWG HTML: an EventSource does not reconnect after 204.
            operationContext.response().setStatusCode(204).end();
            return;
        }
        if (subscriber != null) {
            subscriber.setKnownVersion(currentVersion);
        }
        stream.open(operationContext, admission, subscriber, generation, knownVersion);
    }
}
