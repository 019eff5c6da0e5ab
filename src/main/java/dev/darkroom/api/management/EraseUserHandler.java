package dev.darkroom.api.management;

import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.auth.Role;
import dev.darkroom.eventbus.StorableText;
import dev.darkroom.maintenance.ErasureCommand.EraseUser;
import dev.darkroom.maintenance.ErasureCommand.ErasureProgress;

/** {@code DELETE /api/users/{userId}}. */
public record EraseUserHandler(CommandClient bus) implements OperationHandler {
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
        String user = operationContext.parameter("userId");
        if (!StorableText.isStorable(user)) {
            operationContext.fail(Problem.invalid("userId", StorableText.EXPECTED));
            return;
        }
        bus.send(new EraseUser(operationContext.user(), user), operationContext)
                .onSuccess(progress -> operationContext
                        .response()
                        .setStatusCode(progress == ErasureProgress.FINISHED ? 204 : 202)
                        .end())
                .onFailure(operationContext::fail);
    }
}
