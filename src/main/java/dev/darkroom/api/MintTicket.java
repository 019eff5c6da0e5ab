package dev.darkroom.api;

import dev.darkroom.access.Tickets;
import io.vertx.core.json.JsonObject;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** {@code POST /api/notifications/ticket}. The ticket itself is shown here and nowhere else. */
final class MintTicket implements OperationHandler {
    /** RFC 3339 in UTC with milliseconds, always of the same length. */
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

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
                                .put("expiresAt", TIME.format(minted.expiresAt()))))
                .onFailure(failure -> exchange.fail(Door.problem(failure)));
    }
}
