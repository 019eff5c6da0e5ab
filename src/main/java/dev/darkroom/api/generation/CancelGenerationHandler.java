package dev.darkroom.api.generation;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;

/** {@code POST /api/generation/{generationId}/cancel}. */
public final class CancelGenerationHandler implements OperationHandler {
    private final GenerationClient generations;
    private final GenerationResponder responder;

    public CancelGenerationHandler(GenerationClient generations, GenerationResponder responder) {
        this.generations = generations;
        this.responder = responder;
    }

    @Override
    public String operationId() {
        return "cancelGeneration";
    }

    @Override
    public void handle(OperationContext operationContext) {
        generations
                .cancel(operationContext, operationContext.uuid("generationId"))
                .compose(generation -> responder.send(operationContext, 200, generation))
                .onFailure(operationContext::fail);
    }
}
