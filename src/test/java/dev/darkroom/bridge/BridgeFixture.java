package dev.darkroom.bridge;

import dev.darkroom.access.Caller;
import dev.darkroom.access.Doorkeeper;
import dev.darkroom.access.FailedLoginLimiter;
import dev.darkroom.access.Role;
import dev.darkroom.config.Settings;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Both bridges on free ports and a bus of their own, without a service behind them. Callers are who they say. */
final class BridgeFixture implements AutoCloseable {
    static final String EVENTS = "darkroom.generation.events";
    static final String OTHERS = "darkroom.backend.events";
    static final String COMMANDS = "darkroom.generation";

    final Vertx vertx = Vertx.vertx();
    final Bridges bridges;
    final int tcpPort;
    final URI api;
    /** Credentials that are good, and whose they are. */
    final Map<String, Caller> known = new ConcurrentHashMap<>(Map.of(
            "Bearer alice", new Caller("alice", Role.USER),
            "Bearer mallory", new Caller("mallory", Role.USER),
            "Bearer root", new Caller("root", Role.ADMIN)));

    BridgeFixture(boolean required, int maxConnections, Duration round) throws Exception {
        this(required, maxConnections, round, FailedLoginLimiter.unlimited());
    }

    BridgeFixture(boolean required, int maxConnections, Duration round, FailedLoginLimiter failures) throws Exception {
        Settings.Bridge settings =
                new Settings.Bridge(true, true, "127.0.0.1", 0, List.of(EVENTS, OTHERS), maxConnections);
        Doorkeeper stranger = new Doorkeeper(required, key -> Future.succeededFuture(), null);
        Rules rules = new Rules(
                Set.of(EVENTS, OTHERS),
                presented -> presented != null && known.containsKey(presented)
                        ? Future.succeededFuture(known.get(presented))
                        : stranger.admit(presented),
                failures,
                new Places(maxConnections),
                round);
        bridges = new Bridges(settings, rules);
        TcpBridgeVerticle tcp = bridges.tcp();
        vertx.deployVerticle(tcp).await(60, TimeUnit.SECONDS);
        tcpPort = tcp.port();
        Router router = Router.router(vertx);
        router.route("/eventbus/*").subRouter(bridges.sockJs(vertx));
        HttpServer server = vertx.createHttpServer()
                .requestHandler(router)
                .listen(0, "127.0.0.1")
                .await(60, TimeUnit.SECONDS);
        api = URI.create("http://127.0.0.1:" + server.actualPort());
    }

    static BridgeFixture open(boolean required) throws Exception {
        return new BridgeFixture(required, 10, Duration.ofMinutes(1));
    }

    void publish(String address, String user, int number) {
        JsonObject event = new JsonObject().put("version", 1).put("number", number);
        if (user != null) {
            event.put("user", user);
        }
        vertx.eventBus().publish(address, event);
    }

    @Override
    public void close() throws Exception {
        vertx.close().await(60, TimeUnit.SECONDS);
    }
}
