package dev.darkroom.api;

import dev.darkroom.generation.GenerationEvents;
import dev.darkroom.generation.ProgressWatch;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.UUID;

/**
 * {@code GET /api/generation/{generationId}/events}. Who is new is told how the generation stands, who comes back what has happened
 * since, and both what happens from then on, to its end.
 */
final class GetGenerationEvents implements OperationHandler {
    private final Vertx vertx;
    private final GenerationClient generations;
    private final ProgressWatch progress;
    private final StreamDesk desk;

    GetGenerationEvents(Vertx vertx, GenerationClient generations, ProgressWatch progress, StreamDesk desk) {
        this.vertx = vertx;
        this.generations = generations;
        this.progress = progress;
        this.desk = desk;
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
    public void handle(Exchange exchange) {
        Context eventLoop = vertx.getOrCreateContext();
        String id = exchange.parameter("generationId");
        GenerationStream stream = new GenerationStream();
        ProgressWatch.Watcher watcher =
                progress.watch(UUID.fromString(id), changed -> eventLoop.runOnContext(told -> stream.changed(changed)));
        generations
                .get(exchange, id)
                .onSuccess(generation -> answer(exchange, stream, watcher, generation))
                .onFailure(failure -> {
                    if (watcher != null) {
                        watcher.close();
                    }
                    exchange.fail(failure);
                });
    }

    private void answer(
            Exchange exchange, GenerationStream stream, ProgressWatch.Watcher watcher, JsonObject generation) {
        long now = GenerationEvents.version(generation);
        Long known = LastEventId.version(exchange, now);
        if (GenerationEvents.ended(generation) && known != null && known == now) {
            if (watcher != null) {
                watcher.close();
            }
            // WHATWG HTML: the one answer after which an EventSource does not come back.
            exchange.response().setStatusCode(204).end();
            return;
        }
        if (watcher != null) {
            watcher.knows(now);
        }
        stream.open(exchange, desk, watcher, generation, known);
    }
}
