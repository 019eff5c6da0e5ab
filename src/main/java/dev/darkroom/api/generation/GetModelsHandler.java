package dev.darkroom.api.generation;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.generation.json.ModelJson;

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
                .onSuccess(models -> operationContext.sendJson(200, ModelJson.toJson(models)))
                .onFailure(operationContext::fail);
    }
}
