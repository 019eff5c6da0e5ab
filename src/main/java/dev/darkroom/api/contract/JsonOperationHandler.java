package dev.darkroom.api.contract;

import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.function.Function;

/**
 * Operation that sends the JSON reply of a verticle as its 200 response.
 *
 * @param action returns the response body in the contract's form; may fail with a {@code Problem}
 */
public record JsonOperationHandler(String operationId, Function<OperationContext, Future<JsonObject>> action)
        implements OperationHandler {

    @Override
    public void handle(OperationContext operationContext) {
        action.apply(operationContext)
                .onSuccess(json -> operationContext.sendJson(200, json))
                .onFailure(operationContext::fail);
    }
}
