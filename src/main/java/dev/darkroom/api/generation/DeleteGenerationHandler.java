package dev.darkroom.api.generation;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;

/** {@code DELETE /api/generation/{generationId}}. */
public final class DeleteGenerationHandler implements OperationHandler {
    private final GenerationClient generations;

    public DeleteGenerationHandler(GenerationClient generations) {
        this.generations = generations;
    }

    @Override
    public String operationId() {
        return "deleteGeneration";
    }

    @Override
    public void handle(OperationContext operationContext) {
        generations
                .delete(operationContext, operationContext.uuid("generationId"))
                .onSuccess(deleted ->
                        operationContext.response().setStatusCode(204).end())
                .onFailure(operationContext::fail);
    }
}
