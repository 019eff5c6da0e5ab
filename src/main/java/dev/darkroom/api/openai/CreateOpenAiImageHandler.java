package dev.darkroom.api.openai;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;

/** {@code POST /v1/images/generations}. */
record CreateOpenAiImageHandler(ImageCallServices services) implements OperationHandler {
    @Override
    public String operationId() {
        return "createOpenAiImage";
    }

    @Override
    public void handle(OperationContext operationContext) {
        services.generations()
                .getModels(operationContext)
                .map(models -> OpenAiImageRequestParser.parse(operationContext.body(), models))
                .onSuccess(request -> new OpenAiImageCall(
                                services,
                                operationContext,
                                request,
                                RequestDigest.of(operationId(), operationContext.body()))
                        .start())
                .onFailure(failure -> services.responder().fail(operationContext, failure));
    }
}
