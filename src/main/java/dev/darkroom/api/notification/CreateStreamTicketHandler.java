package dev.darkroom.api.notification;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.security.AuthenticationHandler;
import dev.darkroom.auth.StreamTickets;
import dev.darkroom.eventbus.Rfc3339Timestamp;
import io.vertx.core.json.JsonObject;

/** {@code POST /api/notifications/ticket}. No other response contains the ticket. */
public final class CreateStreamTicketHandler implements OperationHandler {
    private final StreamTickets streamTickets;

    public CreateStreamTicketHandler(StreamTickets streamTickets) {
        this.streamTickets = streamTickets;
    }

    @Override
    public String operationId() {
        return "createStreamTicket";
    }

    @Override
    public void handle(OperationContext operationContext) {
        streamTickets
                .create(operationContext.principal(), operationContext.credential())
                .onSuccess(createdTicket -> operationContext.sendJson(
                        201,
                        new JsonObject()
                                .put("ticket", createdTicket.secret())
                                .put("expiresAt", Rfc3339Timestamp.format(createdTicket.expiresAt()))))
                .onFailure(failure -> operationContext.fail(AuthenticationHandler.toProblem(failure)));
    }
}
