package dev.darkroom.bridge;

import dev.darkroom.access.Address;
import dev.darkroom.access.CutOff;
import dev.darkroom.access.Doorkeeper;
import dev.darkroom.access.FailedLoginLimiter;
import dev.darkroom.config.Settings;
import dev.darkroom.inbound.UnsentAccount;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.handler.sockjs.SockJSHandler;
import io.vertx.ext.web.handler.sockjs.SockJSHandlerOptions;
import io.vertx.ext.web.handler.sockjs.SockJSSocket;
import io.vertx.ext.web.handler.sockjs.Transport;
import java.time.Duration;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the bridges of a process, which share their rules. Thread-safe. */
public final class Bridges {
    private static final Logger LOG = LoggerFactory.getLogger(Bridges.class);

    /** Clients speak every 5 s, by what the Vert.x ones do. Proxies give up on silence after 60 s, browsers never. */
    private static final Duration ROUND = Duration.ofSeconds(60);

    private static final Duration HEARTBEAT = Duration.ofSeconds(25);

    private final Settings.Bridge settings;
    private final Rules rules;

    public Bridges(Settings.Bridge settings, Doorkeeper doorkeeper, FailedLoginLimiter failures) {
        this(
                settings,
                new Rules(
                        Set.copyOf(settings.addresses()),
                        doorkeeper::admit,
                        failures,
                        new Places(settings.maxConnections()),
                        ROUND));
    }

    Bridges(Settings.Bridge settings, Rules rules) {
        this.settings = settings;
        this.rules = rules;
    }

    /** Not deployed yet. */
    public TcpBridgeVerticle tcp() {
        return new TcpBridgeVerticle(rules, settings.host(), settings.port());
    }

    /**
     * Routes for SockJS, of which WebSocket is the only transport: the others, made for browsers that are gone, keep messages for
     * whoever knows the name of a session. They have to be mounted behind a check of origin and credential.
     */
    public Router sockJs(Vertx vertx) {
        SockJSHandlerOptions options =
                new SockJSHandlerOptions().setInsertJSESSIONID(false).setHeartbeatInterval(HEARTBEAT.toMillis());
        for (Transport transport : Transport.values()) {
            if (transport != Transport.WEBSOCKET) {
                options.addDisabledTransport(transport.name());
            }
        }
        return SockJSHandler.create(vertx, options).socketHandler(socket -> connected(vertx, socket));
    }

    /** Says aloud that there is a bridge where the API is. */
    public void announceSockJs() {
        LOG.atWarn()
                .addKeyValue("path", "/eventbus")
                .addKeyValue("addresses", rules.addresses())
                .log("events are told to whoever may listen under this path of the API");
    }

    /** Sends everybody away: connections that nobody ends would hold up a stop. Completes at once. */
    public Future<Void> close() {
        rules.places().close();
        return Future.succeededFuture();
    }

    private void connected(Vertx vertx, SockJSSocket socket) {
        String authorization = socket.headers().get("Authorization");
        Session session = new Session(
                vertx, rules, Dialect.SOCKJS, new SockJs(socket), authorization, Address.of(socket.remoteAddress()));
        if (!session.begin()) {
            socket.close();
            return;
        }
        socket.handler(frame -> session.received(frame.toString()))
                .exceptionHandler(failure -> socket.close())
                .closeHandler(gone -> session.closed());
    }

    private record SockJs(SockJSSocket socket, UnsentAccount unsent, Runnable abort) implements Wire {
        private SockJs(SockJSSocket socket) {
            this(
                    socket,
                    UnsentAccount.of(socket.routingContext().request().connection()),
                    () -> CutOff.of(socket.routingContext().request().connection()));
        }

        @Override
        public void identify(String user) {
            unsent.identify(user);
        }

        @Override
        public Future<Void> write(JsonObject frame) {
            String text = frame.encode();
            return unsent.write(text.length(), abort, () -> socket.write(text));
        }

        @Override
        public void close() {
            socket.close();
        }

        @Override
        public void cutOff() {
            abort.run();
        }
    }
}
