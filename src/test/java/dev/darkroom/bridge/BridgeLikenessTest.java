package dev.darkroom.bridge;

import static dev.darkroom.bridge.BridgeFixture.COMMANDS;
import static dev.darkroom.bridge.BridgeFixture.EVENTS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ClusterClient;
import dev.darkroom.testing.SockJsClient;
import dev.darkroom.testing.TcpBridgeClient;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.bridge.BridgeOptions;
import io.vertx.ext.bridge.PermittedOptions;
import io.vertx.ext.eventbus.bridge.tcp.TcpEventBusBridge;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.handler.sockjs.SockJSBridgeOptions;
import io.vertx.ext.web.handler.sockjs.SockJSHandler;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients of the bridges of the Vert.x project find the same here: the same frames get the same answers. */
@Timeout(60)
class BridgeLikenessTest {
    private static final PermittedOptions PERMITTED = new PermittedOptions().setAddress(EVENTS);

    private BridgeFixture ours;
    private int theirTcpPort;
    private URI theirSockJs;

    @BeforeEach
    void open() throws Exception {
        ours = BridgeFixture.open(false);
        theirTcpPort = ClusterClient.freePort();
        TcpEventBusBridge.create(ours.vertx, new BridgeOptions().addOutboundPermitted(PERMITTED))
                .listen(theirTcpPort, "127.0.0.1")
                .await(60, TimeUnit.SECONDS);
        Router router = Router.router(ours.vertx);
        router.route("/eventbus/*")
                .subRouter(SockJSHandler.create(ours.vertx)
                        .bridge(new SockJSBridgeOptions().addOutboundPermitted(PERMITTED)));
        HttpServer server = ours.vertx
                .createHttpServer()
                .requestHandler(router)
                .listen(0, "127.0.0.1")
                .await(60, TimeUnit.SECONDS);
        theirSockJs = URI.create("http://127.0.0.1:" + server.actualPort());
    }

    @AfterEach
    void close() throws Exception {
        ours.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\": \"send\", \"address\": \"" + COMMANDS + "\", \"body\": {}}",
                "{\"type\": \"publish\", \"address\": \"" + COMMANDS + "\", \"body\": {}}",
                "{\"type\": \"register\", \"address\": \"" + COMMANDS + "\"}",
                "{\"type\": \"unregister\", \"address\": \"" + COMMANDS + "\"}",
                "{\"type\": \"ping\"}",
                "{\"type\": \"unregister\", \"address\": \"" + EVENTS + "\"}"
            })
    void theSameFrameGetsTheSameAnswerByTcp(String frame) {
        try (TcpBridgeClient one = new TcpBridgeClient(ours.tcpPort);
                TcpBridgeClient other = new TcpBridgeClient(theirTcpPort)) {
            one.send(frame);
            other.send(frame);

            assertThat(one.next()).isEqualTo(other.next());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "no JSON",
                "{\"address\": \"" + EVENTS + "\"}",
                "{\"type\": \"register\"}",
                "{\"type\": \"dance\", \"address\": \"" + EVENTS + "\"}",
                "{\"type\": \"send\", \"address\": \"" + COMMANDS + "\", \"body\": {}}",
                "{\"type\": \"publish\", \"address\": \"" + COMMANDS + "\", \"body\": {}}",
                "{\"type\": \"register\", \"address\": \"" + COMMANDS + "\"}",
                "{\"type\": \"unregister\", \"address\": \"" + COMMANDS + "\"}"
            })
    void theSameFrameGetsTheSameAnswerBySockJs(String frame) {
        try (SockJsClient one = SockJsClient.connect(ours.api, Map.of());
                SockJsClient other = SockJsClient.connect(theirSockJs, Map.of())) {
            one.send(frame);
            other.send(frame);

            assertThat(one.next()).isEqualTo(other.next());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anEventIsToldInTheSameWords(boolean withHeader) {
        try (TcpBridgeClient tcp = new TcpBridgeClient(ours.tcpPort).listen(EVENTS, null);
                TcpBridgeClient theirTcp = new TcpBridgeClient(theirTcpPort).listen(EVENTS, null);
                SockJsClient sockJs = SockJsClient.connect(ours.api, Map.of()).listen(EVENTS);
                SockJsClient other = SockJsClient.connect(theirSockJs, Map.of()).listen(EVENTS)) {
            // when
            DeliveryOptions options = new DeliveryOptions();
            ours.vertx
                    .eventBus()
                    .publish(
                            EVENTS,
                            new JsonObject().put("version", 1).put("user", "local"),
                            withHeader ? options.addHeader("node", "one") : options);

            // then
            assertThat(tcp.next()).isEqualTo(theirTcp.next());
            assertThat(sockJs.next()).isEqualTo(other.next());
        }
    }

    @Test
    void whoUnregistersHearsNoMore() {
        JsonObject unregister = new JsonObject().put("type", "unregister").put("address", EVENTS);
        for (int port : new int[] {ours.tcpPort, theirTcpPort}) {
            try (TcpBridgeClient tcp = new TcpBridgeClient(port).listen(EVENTS, null)) {
                tcp.send(unregister);
                tcp.pinged();
                ours.publish(EVENTS, "local", 1);
                // Frames and events come by the same event loop: it would be here by now.
                tcp.pinged().listen(EVENTS, null);
                ours.publish(EVENTS, "local", 2);

                assertThat(tcp.next().getJsonObject("body").getInteger("number"))
                        .isEqualTo(2);
            }
        }
    }
}
