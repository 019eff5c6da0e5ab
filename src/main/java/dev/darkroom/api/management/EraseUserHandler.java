package dev.darkroom.api.management;

import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.auth.Role;
import dev.darkroom.eventbus.BusCommand;
import dev.darkroom.maintenance.ErasureBus;
import io.vertx.core.json.JsonObject;

/** {@code DELETE /api/users/{userId}}. */
public final class EraseUserHandler implements OperationHandler {
    private final CommandClient bus;

    public EraseUserHandler(CommandClient bus) {
        this.bus = bus;
    }

    @Override
    public String operationId() {
        return "eraseUser";
    }

    @Override
    public void handle(OperationContext operationContext) {
        if (operationContext.principal().role() != Role.ADMIN) {
            operationContext.fail(Problem.forbidden());
            return;
        }
        JsonObject command = new JsonObject()
                .put("user", operationContext.user())
                .put(BusCommand.AS_ADMIN, true)
                .put("userToErase", operationContext.parameter("userId"));
        bus.send(ErasureBus.ERASE, command, operationContext)
                .onSuccess(reply -> operationContext
                        .response()
                        .setStatusCode(reply.getBoolean("erased") ? 204 : 202)
                        .end())
                .onFailure(operationContext::fail);
    }
}
