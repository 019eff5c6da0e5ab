package dev.darkroom.api.notification;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.security.AuthenticationHandler;
import dev.darkroom.api.stream.StreamAdmission;
import dev.darkroom.api.stream.StreamRegistry;
import dev.darkroom.api.transport.ConnectionAborter;
import dev.darkroom.api.transport.UnsentByteTracker;
import dev.darkroom.auth.AuthenticationException;
import dev.darkroom.auth.ClientAddressKey;
import dev.darkroom.auth.Credential;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.StreamTickets;
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
 * One socket: the notifications of one user, and their acknowledgements. For the event loop of its connection. Each of its texts is an
 * object: the client's first is {@code resume}, within a few seconds.
 */
final class NotificationSocket implements StreamRegistry.Entry, NotificationFrameSink {
    private static final int SECONDS_TO_RESUME = 5;
    private static final int SECONDS_BETWEEN_PINGS = 25;
    private static final int MAX_TEXT_LENGTH = 4096;
    private static final int MAX_TEXTS_PER_SECOND = 10;

    /** Of any kind: texts in parts, pings and pongs too. */
    private static final int MAX_FRAMES_PER_SECOND = 20;

    private static final int MAX_QUEUE_BYTES = 32 * 1024;

    // RFC 6455, section 7.4.1, and the registry that it began.
    private static final short UNSUPPORTED_DATA = 1003;
    private static final short POLICY_VIOLATION = 1008;
    private static final short MESSAGE_TOO_BIG = 1009;
    private static final short SERVICE_RESTART = 1012;
    private static final short TRY_AGAIN_LATER = 1013;

    private final OpenNotificationSocketHandler.SocketServices services;
    private final OperationContext operationContext;
    private final ServerWebSocket socket;
    private final Context eventLoop = Vertx.currentContext();

    /** Null until it is known who this is. */
    private NotificationSubscription notificationSubscription;

    private StreamAdmission.StreamPermit permit;
    private String subscriber;
    private String user;
    private boolean resuming;
    private boolean awaitingDrain;
    private int index = -1;
    private int secondsUnsubscribed;
    private int secondsSincePing;
    private int secondsFull;
    private int textsThisSecond;
    private int framesThisSecond;

    private final UnsentByteTracker unsentBytes;
    private final Runnable abort = this::abort;

    /** Releases the place among those whose users are not known; null when there is none to release. */
    private Runnable unauthenticatedSlot;

    /** @param waiting releases the place of a socket whose user is not known; null for one whose user is */
    NotificationSocket(
            OpenNotificationSocketHandler.SocketServices socketServices,
            OperationContext operationContext,
            ServerWebSocket socket,
            Runnable waiting) {
        this.services = socketServices;
        this.operationContext = operationContext;
        this.socket = socket;
        this.unsentBytes = UnsentByteTracker.of(operationContext.request().connection());
        this.unauthenticatedSlot = waiting;
    }

    void start() {
        services.streams().register(this);
        socket.setWriteQueueMaxSize(MAX_QUEUE_BYTES)
                .drainHandler(room -> requestMore())
                .closeHandler(closed -> onClosed())
                .exceptionHandler(failure -> onClosed())
                .frameHandler(this::countFrame)
                .textMessageHandler(this::onText);
        services.streams().closeIfDraining(this);
    }

    private void countFrame(WebSocketFrame frame) {
        framesThisSecond++;
        if (frame.isBinary()) {
            close(UNSUPPORTED_DATA, "frames must be text");
        } else if (framesThisSecond > MAX_FRAMES_PER_SECOND) {
            close(POLICY_VIOLATION, "too many frames");
        }
    }

    private void onText(String text) {
        textsThisSecond++;
        if (index < 0) {
            return;
        }
        if (textsThisSecond > MAX_TEXTS_PER_SECOND) {
            close(POLICY_VIOLATION, "too many texts");
            return;
        }
        if (text.length() > MAX_TEXT_LENGTH) {
            close(MESSAGE_TOO_BIG, "too long a text");
            return;
        }
        try {
            SocketMessage said = SocketMessage.parse(text, operationContext.principal() == null);
            if (said.resume()) {
                resume(said);
            } else {
                acknowledge(said);
            }
        } catch (Problem problem) {
            sendError(problem);
        }
    }

    private void resume(SocketMessage said) {
        if (resuming) {
            throw Problem.invalid("#/op", "resume comes first and once");
        }
        resuming = true;
        subscriber = said.subscriber();
        Future<StreamTickets.RedeemedTicket> who = said.ticket() == null
                ? Future.succeededFuture(
                        new StreamTickets.RedeemedTicket(operationContext.principal(), operationContext.credential()))
                : services.failedLoginLimiter()
                        .verify(
                                ClientAddressKey.of(operationContext.request().remoteAddress()),
                                () -> services.streamTickets().redeem(said.ticket()),
                                AuthenticationException::isInvalidCredential)
                        .recover(failure -> Future.failedFuture(AuthenticationHandler.toProblem(failure)));
        who.onSuccess(redeemedTicket ->
                        subscribe(redeemedTicket.principal(), redeemedTicket.credential(), said.lastEventId()))
                .onFailure(failure -> {
                    sendError(failure);
                    close(POLICY_VIOLATION, "not authenticated");
                });
    }

    private void subscribe(Principal principal, Credential credential, String lastEventId) {
        if (index < 0) {
            return;
        }
        if (operationContext.principal() != null
                && !operationContext.principal().user().equals(principal.user())) {
            sendError(Problem.unauthorized(true, "The ticket is another user's."));
            close(POLICY_VIOLATION, "not authenticated");
            return;
        }
        user = principal.user();
        identify(credential);
        permit = services.admission().admit(operationContext, user, credential, this);
        if (permit == null) {
            bye("FULL", services.admission().randomRetryMs());
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

    private void acknowledge(SocketMessage said) {
        if (notificationSubscription == null) {
            throw Problem.invalid("#/op", "resume comes first");
        }
        // All devices of the user are told by an event, this one too.
        services.notifications()
                .acknowledge(operationContext, user, said.seq(), subscriber)
                .onFailure(this::sendError);
    }

    @Override
    public void send(List<NotificationFrame> frames) {
        eventLoop.runOnContext(here -> {
            frames.forEach(notificationFrame -> write(SocketMessage.encode(notificationFrame)));
            awaitingDrain = true;
            requestMore();
        });
    }

    private void requestMore() {
        if (awaitingDrain && index >= 0 && !socket.writeQueueFull()) {
            awaitingDrain = false;
            secondsFull = 0;
            notificationSubscription.markWritable();
        }
    }

    private void sendError(Throwable failure) {
        Problem problem = failure instanceof Problem known ? known : Problem.internalError();
        write(SocketMessage.encodeEvent(
                "error", problem.toJson(operationContext.request().path(), operationContext.requestId())));
    }

    private void write(String text) {
        if (index >= 0 && !socket.isClosed()) {
            unsentBytes.write(text.length(), abort, () -> socket.writeTextMessage(text));
        }
    }

    @Override
    public void closeWithReason(String reason) {
        bye(reason, services.streams().randomRetryMs());
    }

    private void bye(String reason, int retryMs) {
        write(SocketMessage.encodeEvent(
                "bye", new JsonObject().put("reason", reason).put("retryMs", retryMs)));
        close(
                switch (reason) {
                    case "DEPLOY" -> SERVICE_RESTART;
                    case "UNAUTHORIZED" -> POLICY_VIOLATION;
                    default -> TRY_AGAIN_LATER;
                },
                reason);
    }

    private void close(short code, String reason) {
        if (index >= 0) {
            onClosed();
            socket.close(code, reason);
        }
    }

    private void onClosed() {
        if (index >= 0) {
            services.streams().unregister(this);
            releaseUnauthenticatedSlot();
            if (permit != null) {
                permit.release();
            }
            if (notificationSubscription != null) {
                notificationSubscription.close();
            }
        }
    }

    private void abort() {
        onClosed();
        // A closing frame would wait with the others.
        ConnectionAborter.abort(operationContext.request().connection());
    }

    @Override
    public void onSecond(StreamRegistry.StreamTimings streamTimings) {
        textsThisSecond = 0;
        framesThisSecond = 0;
        if (socket.writeQueueFull()) {
            secondsFull++;
            if (secondsFull >= streamTimings.slowConsumerSeconds()) {
                abort();
            }
            return;
        }
        secondsFull = 0;
        if (notificationSubscription == null) {
            secondsUnsubscribed++;
            if (secondsUnsubscribed >= SECONDS_TO_RESUME) {
                close(POLICY_VIOLATION, "no resume");
            }
            return;
        }
        secondsSincePing++;
        if (secondsSincePing >= SECONDS_BETWEEN_PINGS) {
            secondsSincePing = 0;
            write(SocketMessage.encodeEvent(
                    "ping", NotificationPing.create(services.clock(), notificationSubscription)));
        }
    }

    @Override
    public int index() {
        return index;
    }

    @Override
    public void index(int place) {
        this.index = place;
    }
}
