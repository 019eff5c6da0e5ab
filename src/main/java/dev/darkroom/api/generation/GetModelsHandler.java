package dev.darkroom.api.generation;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.generation.json.GenerationJson;

/** {@code GET /api/models}. */
public record GetModelsHandler(GenerationClient generations) implements OperationHandler {
    @Override
    public String operationId() {
        return "getModels";
    }

    @Override
    public void handle(OperationContext operationContext) {
        generations
                .getModels(operationContext)
                .onSuccess(models -> operationContext.sendJson(200, GenerationJson.toJson(models)))
                .onFailure(operationContext::fail);
    }
}
