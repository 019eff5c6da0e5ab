package dev.darkroom.api;

import dev.darkroom.access.Address;
import dev.darkroom.access.FailedLoginLimiter;
import dev.darkroom.access.Tickets;
import dev.darkroom.notification.StreamHub;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpVersion;
import java.time.InstantSource;

/**
 * {@code GET /api/notifications/socket}: the same notifications over a WebSocket (RFC 6455). A browser lets pages of any origin open
 * one, and asks nobody; so the origin is checked here.
 */
final class OpenSocket implements OperationHandler {
    private static final int SECONDS_UNTIL_A_PLACE = 5;

    private final WaitingSockets waiting = new WaitingSockets();
    private final Shared shared;
    private final BrowserPolicy policy;

    /** What the sockets of a verticle share. */
    record Shared(
            EventStreams streams,
            StreamDesk desk,
            StreamHub hub,
            NotificationClient notifications,
            Tickets tickets,
            FailedLoginLimiter failures,
            InstantSource clock) {}

    /** @param policy names the origins whose pages may open one */
    OpenSocket(Shared shared, BrowserPolicy policy) {
        this.shared = shared;
        this.policy = policy;
    }

    @Override
    public String operationId() {
        return "openSocket";
    }

    @Override
    public boolean opensStream() {
        return true;
    }

    @Override
    public void handle(Exchange exchange) {
        String origin = exchange.request().getHeader(HttpHeaders.ORIGIN);
        if (origin == null ? exchange.caller() == null : !policy.allows(origin)) {
            exchange.fail(Problem.originNotAllowed());
            return;
        }
        if (exchange.request().version() != HttpVersion.HTTP_1_1
                || !"websocket".equalsIgnoreCase(exchange.request().getHeader(HttpHeaders.UPGRADE))) {
            exchange.fail(Problem.invalid("Upgrade", "must be websocket, over HTTP/1.1"));
            return;
        }
        Runnable place = null;
        if (exchange.caller() == null) {
            place = waiting.take(Address.of(exchange.request().remoteAddress()));
            if (place == null) {
                exchange.fail(
                        Problem.tooManyRequests("Too many sockets wait for their first text.", SECONDS_UNTIL_A_PLACE));
                return;
            }
        }
        open(exchange, place);
    }

    private void open(Exchange exchange, Runnable place) {
        exchange.request()
                .toWebSocket()
                .onSuccess(socket -> new NotificationSocket(shared, exchange, socket, place).begin())
                .onFailure(failure -> {
                    if (place != null) {
                        place.run();
                    }
                    // What was wrong with the handshake has been answered.
                    exchange.request().connection().close();
                });
    }
}
