package dev.darkroom.api;

import dev.darkroom.access.Address;
import dev.darkroom.access.Caller;
import dev.darkroom.access.Credential;
import dev.darkroom.access.CutOff;
import dev.darkroom.access.Refused;
import dev.darkroom.access.Tickets;
import dev.darkroom.inbound.UnsentAccount;
import dev.darkroom.notification.Frame;
import dev.darkroom.notification.StreamSink;
import dev.darkroom.notification.Subscription;
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
final class NotificationSocket implements EventStreams.Held, StreamSink {
    private static final int SECONDS_TO_RESUME = 5;
    private static final int SECONDS_BETWEEN_PINGS = 25;
    private static final int LONGEST_TEXT = 4096;
    private static final int TEXTS_A_SECOND = 10;

    /** Of any kind: texts in parts, pings and pongs too. */
    private static final int FRAMES_A_SECOND = 20;

    private static final int QUEUE_BYTES = 32 * 1024;

    // RFC 6455, section 7.4.1, and the registry that it began.
    private static final short UNSUPPORTED = 1003;
    private static final short POLICY = 1008;
    private static final short TOO_BIG = 1009;
    private static final short RESTART = 1012;
    private static final short LATER = 1013;

    private final OpenSocket.Shared shared;
    private final Exchange exchange;
    private final ServerWebSocket socket;
    private final Context eventLoop = Vertx.currentContext();

    /** Null until it is known who this is. */
    private Subscription subscription;

    private StreamDesk.Place seat;
    private String subscriber;
    private String user;
    private boolean resuming;
    private boolean sent;
    private int place = -1;
    private int secondsWaiting;
    private int secondsSincePing;
    private int secondsFull;
    private int textsThisSecond;
    private int framesThisSecond;

    private final UnsentAccount unsent;
    private final Runnable abort = this::abort;

    /** Releases the place among those whose users are not known; null when there is none to release. */
    private Runnable waiting;

    /** @param waiting releases the place of a socket whose user is not known; null for one whose user is */
    NotificationSocket(OpenSocket.Shared shared, Exchange exchange, ServerWebSocket socket, Runnable waiting) {
        this.shared = shared;
        this.exchange = exchange;
        this.socket = socket;
        this.unsent = UnsentAccount.of(exchange.request().connection());
        this.waiting = waiting;
    }

    void begin() {
        shared.streams().hold(this);
        socket.setWriteQueueMaxSize(QUEUE_BYTES)
                .drainHandler(room -> goOn())
                .closeHandler(closed -> over())
                .exceptionHandler(failure -> over())
                .frameHandler(this::count)
                .textMessageHandler(this::heard);
        shared.streams().dismissIfLate(this);
    }

    private void count(WebSocketFrame frame) {
        framesThisSecond++;
        if (frame.isBinary()) {
            close(UNSUPPORTED, "frames must be text");
        } else if (framesThisSecond > FRAMES_A_SECOND) {
            close(POLICY, "too many frames");
        }
    }

    private void heard(String text) {
        textsThisSecond++;
        if (place < 0) {
            return;
        }
        if (textsThisSecond > TEXTS_A_SECOND) {
            close(POLICY, "too many texts");
            return;
        }
        if (text.length() > LONGEST_TEXT) {
            close(TOO_BIG, "too long a text");
            return;
        }
        try {
            SocketText said = SocketText.read(text, exchange.caller() == null);
            if (said.resume()) {
                resume(said);
            } else {
                acknowledge(said);
            }
        } catch (Problem problem) {
            refuse(problem);
        }
    }

    private void resume(SocketText said) {
        if (resuming) {
            throw Problem.invalid("#/op", "resume comes first and once");
        }
        resuming = true;
        subscriber = said.subscriber();
        Future<Tickets.Redeemed> who = said.ticket() == null
                ? Future.succeededFuture(new Tickets.Redeemed(exchange.caller(), exchange.credential()))
                : shared.failures()
                        .limit(
                                Address.of(exchange.request().remoteAddress()),
                                () -> shared.tickets().redeem(said.ticket()),
                                Refused::isWrongCredential)
                        .recover(failure -> Future.failedFuture(Door.problem(failure)));
        who.onSuccess(redeemed -> listen(redeemed.caller(), redeemed.credential(), said.lastEventId()))
                .onFailure(failure -> {
                    refuse(failure);
                    close(POLICY, "not authenticated");
                });
    }

    private void listen(Caller caller, Credential credential, String lastEventId) {
        if (place < 0) {
            return;
        }
        if (exchange.caller() != null && !exchange.caller().user().equals(caller.user())) {
            refuse(Problem.unauthorized(true, "The ticket is another user's."));
            close(POLICY, "not authenticated");
            return;
        }
        user = caller.user();
        known(credential);
        seat = shared.desk().place(exchange, user, credential, this);
        if (seat == null) {
            bye("FULL", shared.desk().retryWhenFull());
            return;
        }
        subscription = shared.hub().open(user, lastEventId, subscriber, this);
    }

    private void known(Credential credential) {
        if (credential != null) {
            unsent.identify(user);
        }
        leaveWaiting();
    }

    private void leaveWaiting() {
        if (waiting != null) {
            waiting.run();
            waiting = null;
        }
    }

    private void acknowledge(SocketText said) {
        if (subscription == null) {
            throw Problem.invalid("#/op", "resume comes first");
        }
        // All devices of the user are told by an event, this one too.
        shared.notifications().ack(exchange, user, said.seq(), subscriber).onFailure(this::refuse);
    }

    @Override
    public void send(List<Frame> frames) {
        eventLoop.runOnContext(here -> {
            frames.forEach(frame -> write(SocketText.of(frame)));
            sent = true;
            goOn();
        });
    }

    private void goOn() {
        if (sent && place >= 0 && !socket.writeQueueFull()) {
            sent = false;
            secondsFull = 0;
            subscription.ready();
        }
    }

    private void refuse(Throwable failure) {
        Problem problem = failure instanceof Problem known ? known : Problem.internalError();
        write(SocketText.event("error", problem.toJson(exchange.request().path(), exchange.requestId())));
    }

    private void write(String text) {
        if (place >= 0 && !socket.isClosed()) {
            unsent.write(text.length(), abort, () -> socket.writeTextMessage(text));
        }
    }

    @Override
    public void bye(String reason) {
        bye(reason, shared.streams().retryMs());
    }

    private void bye(String reason, int retryMs) {
        write(SocketText.event("bye", new JsonObject().put("reason", reason).put("retryMs", retryMs)));
        close(
                switch (reason) {
                    case "DEPLOY" -> RESTART;
                    case "UNAUTHORIZED" -> POLICY;
                    default -> LATER;
                },
                reason);
    }

    private void close(short code, String reason) {
        if (place >= 0) {
            over();
            socket.close(code, reason);
        }
    }

    private void over() {
        if (place >= 0) {
            shared.streams().remove(this);
            leaveWaiting();
            if (seat != null) {
                seat.leave();
            }
            if (subscription != null) {
                subscription.close();
            }
        }
    }

    private void abort() {
        over();
        // A closing frame would wait with the others.
        CutOff.of(exchange.request().connection());
    }

    @Override
    public void second(EventStreams.Pace pace) {
        textsThisSecond = 0;
        framesThisSecond = 0;
        if (socket.writeQueueFull()) {
            secondsFull++;
            if (secondsFull >= pace.full()) {
                abort();
            }
            return;
        }
        secondsFull = 0;
        if (subscription == null) {
            secondsWaiting++;
            if (secondsWaiting >= SECONDS_TO_RESUME) {
                close(POLICY, "no resume");
            }
            return;
        }
        secondsSincePing++;
        if (secondsSincePing >= SECONDS_BETWEEN_PINGS) {
            secondsSincePing = 0;
            write(SocketText.event("ping", Ping.of(shared.clock(), subscription)));
        }
    }

    @Override
    public int place() {
        return place;
    }

    @Override
    public void place(int place) {
        this.place = place;
    }
}
