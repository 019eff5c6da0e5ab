package dev.darkroom.api.generation;

import dev.darkroom.api.contract.IdempotencyKeyHeader;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationResult.CreatedGeneration;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;
import java.util.function.Function;

/** {@code POST /api/generation} and {@code POST /api/generation/{generationId}/retry}. Both create a generation. */
public final class CreateGenerationHandler implements OperationHandler {
    private final String operationId;
    private final Function<OperationContext, Future<CreatedGeneration>> submission;
    private final GenerationClient generations;
    private final GenerationResponder responder;
    private final Duration maxWait;

    private CreateGenerationHandler(
            String operationId,
            Function<OperationContext, Future<CreatedGeneration>> submission,
            GenerationClient generations,
            GenerationResponder responder,
            Duration maxWait) {
        this.operationId = operationId;
        this.submission = submission;
        this.generations = generations;
        this.responder = responder;
        this.maxWait = maxWait;
    }

    public static CreateGenerationHandler create(
            GenerationClient generations, GenerationResponder responder, Duration maxWait) {
        return new CreateGenerationHandler("createGeneration", generations::create, generations, responder, maxWait);
    }

    public static CreateGenerationHandler retry(
            GenerationClient generations, GenerationResponder responder, Duration maxWait) {
        return new CreateGenerationHandler(
                "retryGeneration",
                operationContext -> generations.retry(operationContext, operationContext.uuid("generationId")),
                generations,
                responder,
                maxWait);
    }

    @Override
    public String operationId() {
        return operationId;
    }

    @Override
    public void handle(OperationContext operationContext) {
        Duration wait = PreferHeader.parseWait(operationContext.parameter(PreferHeader.NAME), maxWait);
        submission
                .apply(operationContext)
                .compose(createdGeneration -> waitForEnd(operationContext, createdGeneration.generation(), wait)
                        .compose(generation ->
                                respond(operationContext, generation, createdGeneration.replayed(), wait)))
                .onFailure(operationContext::fail);
    }

    private Future<Generation> waitForEnd(OperationContext operationContext, Generation created, Duration wait) {
        return wait == null || !created.isPending()
                ? Future.succeededFuture(created)
                : generations
                        .get(operationContext, created.id(), wait)
                        // A failed wait does not change that the generation was accepted.
                        .otherwise(created);
    }

    private Future<Void> respond(
            OperationContext operationContext, Generation generation, boolean replayed, Duration wait) {
        HttpServerResponse response =
                operationContext.response().putHeader(HttpHeaders.LOCATION, "/api/generation/" + generation.id());
        IdempotencyKeyHeader.putReplayed(response, replayed);
        if (wait != null) {
            response.putHeader(PreferHeader.APPLIED_HEADER, PreferHeader.formatApplied(wait));
        }
        return responder.send(operationContext, generation.isPending() ? 202 : 200, generation);
    }
}
