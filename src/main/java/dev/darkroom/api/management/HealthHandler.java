package dev.darkroom.api.management;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.healthchecks.CheckResult;
import io.vertx.ext.healthchecks.HealthChecks;
import java.util.Comparator;

/** {@code GET /health/live} and {@code GET /health/ready}. The response names failed checks; their reasons are in the log only. */
record HealthHandler(String operationId, HealthChecks checks) implements OperationHandler {
    @Override
    public void handle(OperationContext operationContext) {
        checks.checkStatus().recover(error -> Future.succeededFuture(null)).onSuccess(result -> {
            boolean up = result != null && result.getUp();
            JsonObject json = new JsonObject().put("status", up ? "UP" : "DOWN").put("checks", toJson(result));
            operationContext.sendJson(up ? 200 : 503, json);
        });
    }

    private static JsonArray toJson(CheckResult result) {
        JsonArray list = new JsonArray();
        if (result != null && result.getChecks() != null) {
            // Sorts the checks, since Vert.x returns them in an arbitrary order.
            result.getChecks().stream()
                    .sorted(Comparator.comparing(CheckResult::getId))
                    .forEach(check -> list.add(
                            new JsonObject().put("id", check.getId()).put("status", check.getUp() ? "UP" : "DOWN")));
        }
        return list;
    }
}
