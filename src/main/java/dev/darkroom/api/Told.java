package dev.darkroom.api;

import io.vertx.core.json.JsonObject;
import java.util.function.Supplier;

/**
 * An operation that only tells how something stands.
 *
 * @param document in the contract's form; asked on every request, so it must be cheap
 */
record Told(String operationId, Supplier<JsonObject> document) implements OperationHandler {

    @Override
    public void handle(Exchange exchange) {
        exchange.sendJson(200, document.get());
    }
}
