package dev.darkroom.api;

import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.function.Function;

/**
 * An operation whose answer is what a verticle says.
 *
 * @param answer in the contract's form; may fail with a {@link Problem}
 */
record Asked(String operationId, Function<Exchange, Future<JsonObject>> answer) implements OperationHandler {

    @Override
    public void handle(Exchange exchange) {
        answer.apply(exchange).onSuccess(json -> exchange.sendJson(200, json)).onFailure(exchange::fail);
    }
}
