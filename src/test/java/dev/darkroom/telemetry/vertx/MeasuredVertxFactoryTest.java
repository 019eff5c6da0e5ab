package dev.darkroom.telemetry.vertx;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.search.RequiredSearch;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.WebSocket;
import io.vertx.ext.web.Router;
import io.vertx.micrometer.MicrometerMetricsOptions;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Meters of HTTP servers and of the event bus, with real requests and messages. */
class MeasuredVertxFactoryTest {
    private static final String SERVER = "vertx.http.server.";

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final HttpServerRoles roles = new HttpServerRoles();
    private final Vertx vertx = Vertx.builder()
            .with(new VertxOptions().setMetricsOptions(new MicrometerMetricsOptions().setEnabled(true)))
            .withMetrics(new MeasuredVertxFactory(registry, roles))
            .build();
    private int port;

    @BeforeEach
    void listen() {
        Router router = Router.router(vertx);
        router.route("/things/:id")
                .handler(context -> context.response().setStatusCode(202).end("x"));
        router.route("/waiting").handler(context -> {});
        router.route("/socket").handler(context -> context.request().toWebSocket());
        HttpServer server =
                await(vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1"));
        port = server.actualPort();
    }

    @AfterEach
    void close() {
        await(vertx.close());
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private void send(String method, String path) {
        await(vertx.createHttpClient()
                .request(HttpMethod.valueOf(method), port, "127.0.0.1", path)
                .compose(HttpClientRequest::send)
                .compose(response -> response.body()));
    }

    private RequiredSearch find(String name, String... tags) {
        return registry.get(SERVER + name).tags(Tags.of("server", "API").and(tags));
    }

    private static void awaitTrue(String alias, java.util.concurrent.Callable<Boolean> condition) {
        Awaitility.await(alias).atMost(Duration.ofSeconds(60)).until(condition);
    }

    @Test
    void measuresRequestsByRouteMethodAndStatus() {
        // given
        roles.register(port, "API");

        // when
        send("POST", "/things/1");
        send("POST", "/things/2");
        send("MAKE", "/nowhere");

        // then
        awaitTrue(
                "ended",
                () -> find("requests").counters().stream()
                                .mapToDouble(counter -> counter.count())
                                .sum()
                        == 3);
        assertThat(find("requests", "route", "/things/:id", "method", "POST", "code", "202")
                        .counter()
                        .count())
                .isEqualTo(2);
        assertThat(find("response.time", "route", "/things/:id", "method", "POST", "code", "202")
                        .timer()
                        .count())
                .isEqualTo(2);
        assertThat(find("requests", "route", "", "method", "OTHER", "code", "404")
                        .counter()
                        .count())
                .isEqualTo(1);
        assertThat(find("active.requests", "method", "POST").gauge().value()).isZero();
        assertThat(find("bytes.written").counter().count()).isPositive();
    }

    @Test
    void endsRequestsOfBrokenConnectionsAndOfWebSockets() {
        // given
        roles.register(port, "API");

        // when
        HttpClientRequest waiting =
                await(vertx.createHttpClient().request(HttpMethod.GET, port, "127.0.0.1", "/waiting"));
        waiting.end();
        awaitTrue("active", () -> active() == 1);
        await(waiting.connection().close());

        // then
        awaitTrue("reset", () -> active() == 0);
        assertThat(find("request.resets", "method", "GET").counter().count()).isEqualTo(1);

        // when
        WebSocket socket = await(vertx.createWebSocketClient().connect(port, "127.0.0.1", "/socket"));

        // then
        assertThat(active()).isZero();
        await(socket.close());
        awaitTrue("disconnected", () -> find("active.connections").gauge().value() == 0);
        assertThat(active()).isZero();
    }

    private double active() {
        return registry.find(SERVER + "active.requests").gauges().stream()
                .mapToDouble(gauge -> gauge.value())
                .sum();
    }

    @Test
    void measuresNoServerWithoutARole() {
        // when
        send("GET", "/things/1");

        // then
        assertThat(registry.find(SERVER + "requests").counters()).isEmpty();
    }

    @Test
    void measuresMessagesByAddress() {
        // given
        vertx.eventBus().consumer("orders", message -> message.reply("done"));

        // when
        await(vertx.eventBus().request("orders", "one"));
        await(vertx.eventBus().request("nobody", "two").otherwiseEmpty());

        // then
        Tags orders = Tags.of("address", "orders");
        awaitTrue(
                "processed",
                () -> registry.get("vertx.eventbus.processed")
                                .tags(orders)
                                .counter()
                                .count()
                        == 1);
        assertThat(registry.get("vertx.eventbus.sent").tags(orders).counter().count())
                .isEqualTo(1);
        assertThat(registry.get("vertx.eventbus.pending").tags(orders).gauge().value())
                .isZero();
        assertThat(registry.get("vertx.eventbus.reply.failures")
                        .tags("address", "nobody", "failure", "NO_HANDLERS")
                        .counter()
                        .count())
                .isEqualTo(1);
        assertThat(registry.getMeters())
                .noneMatch(
                        meter -> String.valueOf(meter.getId().getTag("address")).startsWith("__vertx"));
    }
}
