package dev.darkroom.api.openai;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.function.Function;

/**
 * Operation with a response in JSON.
 *
 * @param status status of the response
 * @param responder sends errors
 * @param action returns the response body; may fail with an {@code OpenAiRequestException} or a {@code Problem}
 */
record OpenAiJsonOperation(
        String operationId,
        int status,
        OpenAiImageResponder responder,
        Function<OperationContext, Future<JsonObject>> action)
        implements OperationHandler {
    @Override
    public void handle(OperationContext operationContext) {
        action.apply(operationContext)
                .onSuccess(json -> operationContext.sendJson(status, json))
                .onFailure(failure -> responder.fail(operationContext, failure));
    }
}
