package dev.darkroom.api.generation;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.stream.LastEventId;
import dev.darkroom.api.stream.StreamAdmission;
import dev.darkroom.generation.GenerationEventHistory;
import dev.darkroom.generation.watch.ProgressSubscribers;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.UUID;

/**
 * {@code GET /api/generation/{generationId}/events}. Who is new is told how the generation stands, who comes back what has happened
 * since, and both what happens from then on, to its end.
 */
public final class StreamGenerationEventsHandler implements OperationHandler {
    private final Vertx vertx;
    private final GenerationClient generations;
    private final ProgressSubscribers progress;
    private final StreamAdmission admission;

    public StreamGenerationEventsHandler(
            Vertx vertx, GenerationClient generations, ProgressSubscribers progress, StreamAdmission desk) {
        this.vertx = vertx;
        this.generations = generations;
        this.progress = progress;
        this.admission = desk;
    }

    @Override
    public String operationId() {
        return "getGenerationEvents";
    }

    @Override
    public boolean opensStream() {
        return true;
    }

    @Override
    public void handle(OperationContext operationContext) {
        Context eventLoop = vertx.getOrCreateContext();
        String id = operationContext.parameter("generationId");
        GenerationEventStream stream = new GenerationEventStream();
        ProgressSubscribers.Subscriber subscriber = progress.subscribe(
                UUID.fromString(id), changed -> eventLoop.runOnContext(told -> stream.onChange(changed)));
        generations
                .get(operationContext, id)
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
            JsonObject generation) {
        long now = GenerationEventHistory.version(generation);
        Long known = LastEventId.readVersion(operationContext, now);
        if (GenerationEventHistory.isFinished(generation) && known != null && known == now) {
            if (subscriber != null) {
                subscriber.close();
            }
            // WHATWG HTML: the one answer after which an EventSource does not come back.
            operationContext.response().setStatusCode(204).end();
            return;
        }
        if (subscriber != null) {
            subscriber.setKnownVersion(now);
        }
        stream.open(operationContext, admission, subscriber, generation, known);
    }
}
