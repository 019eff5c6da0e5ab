package dev.darkroom.api.management;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import io.vertx.core.json.JsonObject;
import java.util.function.Supplier;

/**
 * Returns a status document.
 *
 * @param document returns the document in the form of the contract; called on every request, so it must be cheap
 */
record StatusDocumentHandler(String operationId, Supplier<JsonObject> document) implements OperationHandler {

    @Override
    public void handle(OperationContext operationContext) {
        operationContext.sendJson(200, document.get());
    }
}
