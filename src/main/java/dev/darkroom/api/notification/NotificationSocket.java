package dev.darkroom.api.notification;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.security.AuthenticationHandler;
import dev.darkroom.api.stream.RegisteredStream;
import dev.darkroom.api.stream.StreamKind;
import dev.darkroom.api.stream.StreamRegistry;
import dev.darkroom.api.transport.UnsentByteTracker;
import dev.darkroom.auth.AuthenticationException;
import dev.darkroom.auth.ClientAddressKey;
import dev.darkroom.auth.Credential;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.StreamTickets;
import dev.darkroom.netty.NettyChannels;
import dev.darkroom.notification.stream.NotificationFrame;
import dev.darkroom.notification.stream.NotificationFrameSink;
import dev.darkroom.notification.stream.NotificationSubscription;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * One WebSocket: sends the notifications of one user, and receives their acknowledgements. Each message is a JSON object. The first
 * message of the client must be {@code resume}, within 5 seconds. Confined to the event loop of its connection.
 */
final class NotificationSocket extends RegisteredStream implements NotificationFrameSink {
    private static final int SECONDS_TO_RESUME = 5;
    private static final int SECONDS_BETWEEN_PINGS = 25;
    private static final int MAX_MESSAGE_LENGTH = 4096;

    // Close codes: RFC 6455, section 7.4.1, and the IANA registry.
    private static final short UNSUPPORTED_DATA = 1003;
    private static final short POLICY_VIOLATION = 1008;
    private static final short MESSAGE_TOO_BIG = 1009;
    private static final short SERVICE_RESTART = 1012;
    private static final short TRY_AGAIN_LATER = 1013;

    private final OpenNotificationSocketHandler.SocketServices services;
    private final OperationContext operationContext;
    private final ServerWebSocket socket;
    private final Context eventLoop = Vertx.currentContext();

    /** Null until the user is authenticated. */
    private NotificationSubscription notificationSubscription;

    private Runnable permit;
    private String subscriber;
    private String user;
    private boolean resuming;
    private boolean awaitingDrain;
    private int secondsUnsubscribed;
    private int secondsSincePing;

    private final SocketRateLimiter rateLimiter = new SocketRateLimiter();
    private final UnsentByteTracker unsentBytes;
    private final Runnable abort = this::abort;

    /** Releases the slot of an unauthenticated socket; null when the user is authenticated. */
    private Runnable unauthenticatedSlot;

    /** @param unauthenticatedSlot releases the slot of an unauthenticated socket; null when the request was authenticated */
    NotificationSocket(
            OpenNotificationSocketHandler.SocketServices socketServices,
            OperationContext operationContext,
            ServerWebSocket socket,
            Runnable unauthenticatedSlot) {
        this.services = socketServices;
        this.operationContext = operationContext;
        this.socket = socket;
        this.unsentBytes = UnsentByteTracker.of(operationContext.request().connection());
        this.unauthenticatedSlot = unauthenticatedSlot;
    }

    void start() {
        services.streams().register(this);
        socket.setWriteQueueMaxSize(MAX_QUEUE_BYTES)
                .drainHandler(room -> requestMore())
                .closeHandler(closed -> onClosed())
                .exceptionHandler(failure -> onClosed())
                .frameHandler(this::countFrame)
                .textMessageHandler(this::onMessage);
        services.streams().closeIfDraining(this);
    }

    private void countFrame(WebSocketFrame frame) {
        boolean allowed = rateLimiter.allowsFrame();
        if (frame.isBinary()) {
            close(UNSUPPORTED_DATA, "only text frames are supported");
        } else if (!allowed) {
            close(POLICY_VIOLATION, "too many frames");
        }
    }

    private void onMessage(String text) {
        if (isClosed()) {
            return;
        }
        if (!rateLimiter.allowsMessage()) {
            close(POLICY_VIOLATION, "too many messages");
            return;
        }
        if (text.length() > MAX_MESSAGE_LENGTH) {
            close(MESSAGE_TOO_BIG, "message too long");
            return;
        }
        try {
            SocketMessage message = SocketMessage.parse(text, operationContext.principal() == null);
            if (message.resume()) {
                resume(message);
            } else {
                acknowledge(message);
            }
        } catch (Problem problem) {
            sendError(problem);
        }
    }

    private void resume(SocketMessage message) {
        if (resuming) {
            throw Problem.invalid("#/op", "resume may be sent once only");
        }
        resuming = true;
        subscriber = message.subscriber();
        Future<StreamTickets.RedeemedTicket> redeemed = message.ticket() == null
                ? Future.succeededFuture(
                        new StreamTickets.RedeemedTicket(operationContext.principal(), operationContext.credential()))
                : services.failedLoginLimiter()
                        .verify(
                                ClientAddressKey.of(operationContext.request().remoteAddress()),
                                () -> services.streamTickets().redeem(message.ticket()),
                                AuthenticationException::isInvalidCredential)
                        .recover(failure -> Future.failedFuture(AuthenticationHandler.toProblem(failure)));
        redeemed.onSuccess(ticket -> subscribe(ticket.principal(), ticket.credential(), message.lastEventId()))
                .onFailure(failure -> {
                    sendError(failure);
                    close(POLICY_VIOLATION, "not authenticated");
                });
    }

    private void subscribe(Principal principal, Credential credential, String lastEventId) {
        if (isClosed()) {
            return;
        }
        if (operationContext.principal() != null
                && !operationContext.principal().user().equals(principal.user())) {
            sendError(Problem.unauthorized(true, "The ticket belongs to another user."));
            close(POLICY_VIOLATION, "not authenticated");
            return;
        }
        user = principal.user();
        identify(credential);
        permit = services.admission()
                .admit(operationContext, StreamKind.NOTIFICATIONS_WEBSOCKET, user, credential, this);
        if (permit == null) {
            closeWithReason("AT_CAPACITY", services.admission().randomRetryMs());
            return;
        }
        notificationSubscription = services.hub().subscribe(user, lastEventId, subscriber, this);
    }

    private void identify(Credential credential) {
        if (credential != null) {
            unsentBytes.identify(user);
        }
        releaseUnauthenticatedSlot();
    }

    private void releaseUnauthenticatedSlot() {
        if (unauthenticatedSlot != null) {
            unauthenticatedSlot.run();
            unauthenticatedSlot = null;
        }
    }

    private void acknowledge(SocketMessage message) {
        if (notificationSubscription == null) {
            throw Problem.invalid("#/op", "resume must be the first message");
        }
        // The reply is ignored: an event reports the acknowledgement to all devices of the user.
        services.notifications()
                .acknowledge(operationContext, user, message.seq(), subscriber)
                .onFailure(this::sendError);
    }

    @Override
    public void send(List<NotificationFrame> frames) {
        eventLoop.runOnContext(ignored -> {
            frames.forEach(notificationFrame -> write(SocketMessage.encode(notificationFrame)));
            awaitingDrain = true;
            requestMore();
        });
    }

    private void requestMore() {
        if (awaitingDrain && !isClosed() && !socket.writeQueueFull()) {
            awaitingDrain = false;
            onProgress();
            notificationSubscription.markWritable();
        }
    }

    private void sendError(Throwable failure) {
        Problem problem = failure instanceof Problem known ? known : Problem.internalError();
        write(SocketMessage.encodeEvent(
                "error", problem.toJson(operationContext.request().path(), operationContext.requestId())));
    }

    private void write(String text) {
        if (!isClosed() && !socket.isClosed()) {
            unsentBytes.write(text.length(), abort, () -> socket.writeTextMessage(text));
        }
    }

    @Override
    public void closeWithReason(String reason) {
        closeWithReason(reason, services.streams().randomRetryMs());
    }

    private void closeWithReason(String reason, int retryMs) {
        write(SocketMessage.encodeEvent(
                "close", new JsonObject().put("reason", reason).put("retryMs", retryMs)));
        close(
                switch (reason) {
                    case "SHUTDOWN" -> SERVICE_RESTART;
                    case "UNAUTHORIZED" -> POLICY_VIOLATION;
                    default -> TRY_AGAIN_LATER;
                },
                reason);
    }

    private void close(short code, String reason) {
        if (!isClosed()) {
            onClosed();
            socket.close(code, reason);
        }
    }

    private void onClosed() {
        if (!isClosed()) {
            services.streams().unregister(this);
            releaseUnauthenticatedSlot();
            if (permit != null) {
                permit.run();
            }
            if (notificationSubscription != null) {
                notificationSubscription.close();
            }
        }
    }

    @Override
    protected boolean isQueueFull() {
        return socket.writeQueueFull();
    }

    @Override
    protected void abort() {
        onClosed();
        NettyChannels.abort(operationContext.request().connection());
    }

    @Override
    protected void tick(StreamRegistry.StreamTimings streamTimings) {
        rateLimiter.reset();
        super.tick(streamTimings);
    }

    @Override
    protected void onSecond(StreamRegistry.StreamTimings streamTimings) {
        if (notificationSubscription == null) {
            secondsUnsubscribed++;
            if (secondsUnsubscribed >= SECONDS_TO_RESUME) {
                close(POLICY_VIOLATION, "resume not received in time");
            }
            return;
        }
        secondsSincePing++;
        if (secondsSincePing >= SECONDS_BETWEEN_PINGS) {
            secondsSincePing = 0;
            write(SocketMessage.encodeEvent("ping", NotificationPing.create(notificationSubscription)));
        }
    }
}
