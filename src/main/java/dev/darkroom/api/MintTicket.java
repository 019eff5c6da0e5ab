package dev.darkroom.api;

import dev.darkroom.access.Tickets;
import dev.darkroom.command.Timestamp;
import io.vertx.core.json.JsonObject;

/** {@code POST /api/notifications/ticket}. The ticket itself is shown here and nowhere else. */
final class MintTicket implements OperationHandler {
    private final Tickets tickets;

    MintTicket(Tickets tickets) {
        this.tickets = tickets;
    }

    @Override
    public String operationId() {
        return "mintTicket";
    }

    @Override
    public void handle(Exchange exchange) {
        tickets.mint(exchange.caller(), exchange.credential())
                .onSuccess(minted -> exchange.sendJson(
                        201,
                        new JsonObject()
                                .put("ticket", minted.secret())
                                .put("expiresAt", Timestamp.text(minted.expiresAt()))))
                .onFailure(failure -> exchange.fail(Door.problem(failure)));
    }
}
