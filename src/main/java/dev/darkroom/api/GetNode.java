package dev.darkroom.api;

import io.vertx.core.json.JsonObject;
import java.util.function.Supplier;

/** {@code GET /node}. */
final class GetNode implements OperationHandler {
    private final Supplier<JsonObject> node;

    GetNode(Supplier<JsonObject> node) {
        this.node = node;
    }

    @Override
    public String operationId() {
        return "getNode";
    }

    @Override
    public void handle(Exchange exchange) {
        exchange.sendJson(200, node.get());
    }
}
