package dev.darkroom.api;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.function.Supplier;

/** {@code GET /backends}. */
final class GetBackends implements OperationHandler {
    private final Supplier<JsonArray> backends;

    GetBackends(Supplier<JsonArray> backends) {
        this.backends = backends;
    }

    @Override
    public String operationId() {
        return "getBackends";
    }

    @Override
    public void handle(Exchange exchange) {
        exchange.sendJson(200, new JsonObject().put("backends", backends.get()));
    }
}
