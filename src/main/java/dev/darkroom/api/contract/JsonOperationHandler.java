package dev.darkroom.api.contract;

import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.function.Function;

/**
 * Operation with a response that is the JSON result of a command.
 *
 * @param status status of the response
 * @param action returns the response body in the contract's form, null for none; may fail with a {@code Problem}
 */
public record JsonOperationHandler(
        String operationId, int status, Function<OperationContext, Future<JsonObject>> action)
        implements OperationHandler {

    @Override
    public void handle(OperationContext operationContext) {
        action.apply(operationContext)
                .onSuccess(json -> {
                    if (json == null) {
                        operationContext.response().setStatusCode(status).end();
                    } else {
                        operationContext.sendJson(status, json);
                    }
                })
                .onFailure(operationContext::fail);
    }
}
