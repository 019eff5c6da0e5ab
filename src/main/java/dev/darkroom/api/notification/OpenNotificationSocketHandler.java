package dev.darkroom.api.notification;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.security.HostAndOriginPolicy;
import dev.darkroom.api.stream.StreamAdmission;
import dev.darkroom.api.stream.StreamRegistry;
import dev.darkroom.auth.ClientAddressKey;
import dev.darkroom.auth.FailedLoginLimiter;
import dev.darkroom.auth.StreamTickets;
import dev.darkroom.notification.stream.NotificationHub;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpVersion;
import java.time.InstantSource;

/**
 * {@code GET /api/notifications/socket}: the same notifications over a WebSocket (RFC 6455). A browser lets pages of any origin open
 * one, and asks nobody; so the origin is checked here.
 */
public final class OpenNotificationSocketHandler implements OperationHandler {
    private static final int RETRY_AFTER_SECONDS = 5;

    private final UnauthenticatedSocketLimiter unauthenticatedSockets = new UnauthenticatedSocketLimiter();
    private final SocketServices services;
    private final HostAndOriginPolicy policy;

    /** What the sockets of a verticle share. */
    public record SocketServices(
            StreamRegistry streams,
            StreamAdmission admission,
            NotificationHub hub,
            NotificationClient notifications,
            StreamTickets streamTickets,
            FailedLoginLimiter failedLoginLimiter,
            InstantSource clock) {}

    /** @param policy names the origins whose pages may open one */
    public OpenNotificationSocketHandler(SocketServices socketServices, HostAndOriginPolicy policy) {
        this.services = socketServices;
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
        Runnable place = null;
        if (operationContext.principal() == null) {
            place = unauthenticatedSockets.acquire(
                    ClientAddressKey.of(operationContext.request().remoteAddress()));
            if (place == null) {
                operationContext.fail(
                        Problem.tooManyRequests("Too many sockets wait for their first text.", RETRY_AFTER_SECONDS));
                return;
            }
        }
        open(operationContext, place);
    }

    private void open(OperationContext operationContext, Runnable place) {
        operationContext
                .request()
                .toWebSocket()
                .onSuccess(socket -> new NotificationSocket(services, operationContext, socket, place).start())
                .onFailure(failure -> {
                    if (place != null) {
                        place.run();
                    }
                    // What was wrong with the handshake has been answered.
                    operationContext.request().connection().close();
                });
    }
}
