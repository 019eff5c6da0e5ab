package dev.darkroom.api;

import io.vertx.core.json.JsonObject;
import java.util.function.Supplier;

/** {@code GET /database}. */
final class GetDatabase implements OperationHandler {
    private final Supplier<JsonObject> database;

    GetDatabase(Supplier<JsonObject> database) {
        this.database = database;
    }

    @Override
    public String operationId() {
        return "getDatabase";
    }

    @Override
    public void handle(Exchange exchange) {
        exchange.sendJson(200, database.get());
    }
}
