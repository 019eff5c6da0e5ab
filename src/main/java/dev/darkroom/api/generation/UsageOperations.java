package dev.darkroom.api.generation;

import dev.darkroom.api.contract.JsonOperationHandler;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.auth.Role;
import dev.darkroom.generation.json.UsageJson;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** Operations that return usage: that of the user, and for admins that of all users. */
public record UsageOperations(GenerationClient generations) {

    /** Returns one handler for each operation. */
    public List<OperationHandler> handlers() {
        return List.of(
                new JsonOperationHandler(
                        "getUsage",
                        200,
                        request -> generations.getUsage(request).map(UsageJson::toJson)),
                new JsonOperationHandler("getAllUsage", 200, this::getAllUsage));
    }

    private Future<JsonObject> getAllUsage(OperationContext request) {
        return request.principal().role() == Role.ADMIN
                ? generations.getAllUsage(request).map(UsageJson::toJson)
                : Future.failedFuture(Problem.forbidden());
    }
}
