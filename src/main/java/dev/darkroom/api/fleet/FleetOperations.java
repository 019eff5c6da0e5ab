package dev.darkroom.api.fleet;

import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.JsonOperationHandler;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.contract.RecordJson;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.auth.Role;
import dev.darkroom.fleet.FleetCommand;
import dev.darkroom.fleet.FleetCommand.DrainBackend;
import dev.darkroom.fleet.FleetCommand.EnableBackend;
import dev.darkroom.fleet.FleetCommand.GetBackends;
import dev.darkroom.fleet.FleetCommand.GetNodes;
import dev.darkroom.fleet.FleetCommand.GetQueue;
import io.vertx.core.Future;
import java.util.List;
import java.util.function.Function;

/** The administration operations of the contract. Each requires the admin role. */
public record FleetOperations(CommandClient fleet) {

    /** Returns one handler for each operation. */
    public List<OperationHandler> handlers() {
        return List.of(
                handler("getAllBackends", request -> new GetBackends(request.user())),
                handler("drainBackend", request -> new DrainBackend(request.user(), backendName(request))),
                handler("enableBackend", request -> new EnableBackend(request.user(), backendName(request))),
                handler("getAllNodes", request -> new GetNodes(request.user())),
                handler("getQueue", request -> new GetQueue(request.user())));
    }

    private OperationHandler handler(String operationId, Function<OperationContext, FleetCommand<?>> command) {
        return new JsonOperationHandler(
                operationId,
                200,
                request -> request.principal().role() == Role.ADMIN
                        ? fleet.send(command.apply(request), request).map(RecordJson::encode)
                        : Future.failedFuture(Problem.forbidden()));
    }

    private static String backendName(OperationContext request) {
        return request.parameter("backendName");
    }
}
