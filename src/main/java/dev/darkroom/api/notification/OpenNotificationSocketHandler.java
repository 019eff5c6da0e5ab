package dev.darkroom.api.notification;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.security.HostAndOriginPolicy;
import dev.darkroom.api.stream.StreamAdmission;
import dev.darkroom.api.stream.StreamRegistry;
import dev.darkroom.api.transport.ConnectionSlots;
import dev.darkroom.auth.ClientAddressKey;
import dev.darkroom.auth.FailedLoginLimiter;
import dev.darkroom.auth.StreamTickets;
import dev.darkroom.notification.stream.NotificationHub;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpVersion;

/**
 * {@code GET /api/notifications/socket}: streams notifications over a WebSocket (RFC 6455). Checks the origin, since browsers let
 * pages of any origin open a WebSocket without a CORS check.
 */
public final class OpenNotificationSocketHandler implements OperationHandler {
    private static final int RETRY_AFTER_SECONDS = 5;

    /** WebSockets of this verticle that are not authenticated yet. */
    private final ConnectionSlots unauthenticatedSockets = new ConnectionSlots(400, 100);

    private final SocketServices services;
    private final HostAndOriginPolicy policy;

    /** Services shared by the WebSockets of a verticle. */
    public record SocketServices(
            StreamRegistry streams,
            StreamAdmission admission,
            NotificationHub hub,
            NotificationClient notifications,
            StreamTickets streamTickets,
            FailedLoginLimiter failedLoginLimiter) {}

    /** @param policy decides which origins may open a WebSocket */
    public OpenNotificationSocketHandler(SocketServices socketServices, HostAndOriginPolicy policy) {
        this.services = socketServices;
        this.policy = policy;
    }

    @Override
    public String operationId() {
        return "openNotificationSocket";
    }

    @Override
    public boolean opensStream() {
        return true;
    }

    @Override
    public void handle(OperationContext operationContext) {
        String origin = operationContext.request().getHeader(HttpHeaders.ORIGIN);
        if (origin == null ? operationContext.principal() == null : !policy.allowsOrigin(origin)) {
            operationContext.fail(Problem.originNotAllowed());
            return;
        }
        if (operationContext.request().version() != HttpVersion.HTTP_1_1
                || !"websocket".equalsIgnoreCase(operationContext.request().getHeader(HttpHeaders.UPGRADE))) {
            operationContext.fail(Problem.invalid("Upgrade", "must be websocket, over HTTP/1.1"));
            return;
        }
        Runnable slot = null;
        if (operationContext.principal() == null) {
            slot = unauthenticatedSockets.acquire(
                    ClientAddressKey.of(operationContext.request().remoteAddress()));
            if (slot == null) {
                operationContext.fail(
                        Problem.tooManyRequests("Too many unauthenticated sockets are open.", RETRY_AFTER_SECONDS));
                return;
            }
        }
        open(operationContext, slot);
    }

    private void open(OperationContext operationContext, Runnable slot) {
        operationContext
                .request()
                .toWebSocket()
                .onSuccess(socket -> new NotificationSocket(services, operationContext, socket, slot).start())
                .onFailure(failure -> {
                    if (slot != null) {
                        slot.run();
                    }
                    // Vert.x has sent the error response of the handshake.
                    operationContext.request().connection().close();
                });
    }
}
