package dev.darkroom.api;

import dev.darkroom.access.Role;
import dev.darkroom.command.Command;
import dev.darkroom.erasure.ErasureBus;
import io.vertx.core.json.JsonObject;

/** {@code DELETE /api/users/{userId}}. */
final class EraseUser implements OperationHandler {
    private final BusClient bus;

    EraseUser(BusClient bus) {
        this.bus = bus;
    }

    @Override
    public String operationId() {
        return "eraseUser";
    }

    @Override
    public void handle(Exchange exchange) {
        if (exchange.caller().role() != Role.ADMIN) {
            exchange.fail(Problem.forbidden());
            return;
        }
        JsonObject command = new JsonObject()
                .put("user", exchange.user())
                .put(Command.ANYBODYS, true)
                .put("erase", exchange.parameter("userId"));
        bus.send(ErasureBus.ERASE, command, exchange)
                .onSuccess(reply -> exchange.response()
                        .setStatusCode(reply.getBoolean("erased") ? 204 : 202)
                        .end())
                .onFailure(exchange::fail);
    }
}
