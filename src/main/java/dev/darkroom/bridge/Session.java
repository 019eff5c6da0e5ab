package dev.darkroom.bridge;

import dev.darkroom.access.Caller;
import dev.darkroom.access.Refused;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One who listens. Whatever they send, nothing of it reaches the bus: there is no line here that sends. Lives on the event loop of
 * its connection.
 */
final class Session {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    /** What clients send are names of addresses. */
    static final int LONGEST_FRAME = 4096;

    /** Characters kept for somebody who does not read. Whoever has so much unread has lost touch, and may ask the API. */
    static final int MOST_UNREAD = 256 * 1024;

    private final Vertx vertx;
    private final Rules rules;
    private final Dialect dialect;
    private final Wire wire;
    private final Map<String, MessageConsumer<Object>> heard = new HashMap<>();
    private final Context context;
    private final String address;
    private long round;

    /** What the client has presented last; null for nothing. */
    private String authorization;
    /** Null until it has registered for the first time. */
    private Caller caller;

    private int unread;
    private boolean spoke = true;
    private boolean closed;

    /**
     * @param authorization as in the header of that name; null for none
     * @param address that the connection comes from
     */
    Session(Vertx vertx, Rules rules, Dialect dialect, Wire wire, String authorization, String address) {
        this.vertx = vertx;
        this.rules = rules;
        this.dialect = dialect;
        this.wire = wire;
        this.authorization = authorization;
        this.address = address;
        this.context = vertx.getOrCreateContext();
    }

    /** Takes a place, until {@link #closed}. False when there is none; then this is not for use. */
    boolean begin() {
        if (!rules.places().enter(this)) {
            return false;
        }
        round = vertx.setPeriodic(rules.round().toMillis(), timer -> lookAgain());
        return true;
    }

    /** From any thread. */
    void sendAway() {
        context.runOnContext(now -> end("the process stops"));
    }

    /** A frame has come, a whole one. */
    void received(String text) {
        spoke = true;
        if (closed) {
            return;
        }
        JsonObject frame = text.length() > LONGEST_FRAME ? null : parsed(text);
        if (frame == null) {
            error("invalid_json");
        } else if (!(frame.getValue("type") instanceof String type)) {
            error("missing_type");
        } else if (type.equals("ping")) {
            if (dialect.pong() != null) {
                write(dialect.pong());
            }
        } else if (!(frame.getValue("address") instanceof String address)) {
            error("missing_address");
        } else {
            switch (type) {
                case "register" -> register(address, frame);
                case "unregister" -> unregister(address);
                case "send", "publish" -> error("access_denied");
                default -> error("invalid_type");
            }
        }
    }

    /** The connection is gone. */
    void closed() {
        if (!closed) {
            closed = true;
            vertx.cancelTimer(round);
            heard.values().forEach(MessageConsumer::unregister);
            heard.clear();
            rules.places().leave(this);
        }
    }

    private void register(String address, JsonObject frame) {
        if (!rules.addresses().contains(address)) {
            error("access_denied");
            return;
        }
        if (heard.containsKey(address)) {
            error("address_already_registered");
            return;
        }
        String presented = frame.getValue("headers") instanceof JsonObject headers
                        && headers.getValue("Authorization") instanceof String header
                ? header
                : authorization;
        rules.admit(presented, this.address)
                .onSuccess(known -> listen(address, presented, known))
                .onFailure(failure -> {
                    Refused.Why why = failure instanceof Refused refused ? refused.why() : Refused.Why.CANNOT_TELL;
                    boolean nothing = why == Refused.Why.NOTHING_PRESENTED;
                    error(
                            nothing
                                    ? "not_logged_in"
                                    : why == Refused.Why.TOO_OFTEN ? "too_many_failures" : "auth_error");
                    if (!nothing) {
                        end("a credential that is not good");
                    }
                });
    }

    private void listen(String address, String presented, Caller known) {
        if (!closed) {
            authorization = presented;
            caller = known;
            if (presented != null) {
                wire.identify(known.user());
            }
            heard.computeIfAbsent(address, name -> vertx.eventBus().localConsumer(name, this::tell));
        }
    }

    private void unregister(String address) {
        MessageConsumer<Object> consumer = heard.remove(address);
        if (consumer != null) {
            consumer.unregister();
        } else {
            error(rules.addresses().contains(address) ? "unknown_address" : "access_denied");
        }
    }

    private void tell(Message<Object> event) {
        if (event.body() instanceof JsonObject body && Hearing.allowed(caller, body)) {
            write(dialect.event(event));
        }
    }

    /** Rights end while somebody listens, and so do networks, without a word. */
    private void lookAgain() {
        if (!spoke) {
            end("silence");
            return;
        }
        spoke = false;
        if (caller == null) {
            // A place is for somebody who listens, and there are few.
            end("nothing registered");
        } else {
            rules.revalidate(authorization).onSuccess(known -> caller = known).onFailure(failure -> {
                // While nobody can be asked nobody is sent away: the key was good a minute ago.
                if (failure instanceof Refused refused && refused.why() == Refused.Why.NOT_GOOD) {
                    end("a credential that is no longer good");
                }
            });
        }
    }

    private void error(String code) {
        write(dialect.error(code));
    }

    private void write(JsonObject frame) {
        if (closed) {
            return;
        }
        if (unread > MOST_UNREAD) {
            end("too slow", wire::cutOff);
            return;
        }
        int length = frame.encode().length();
        unread += length;
        wire.write(frame).onComplete(written -> unread -= length);
    }

    private void end(String why) {
        end(why, wire::close);
    }

    private void end(String why, Runnable end) {
        if (!closed) {
            LOG.atDebug().addKeyValue("reason", why).log("a listener of an event-bus bridge is sent away");
            closed();
            end.run();
        }
    }

    private static JsonObject parsed(String text) {
        try {
            return Json.decodeValue(text) instanceof JsonObject frame ? frame : null;
        } catch (DecodeException e) {
            return null;
        }
    }
}
