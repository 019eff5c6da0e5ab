package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.standardwebhooks.Webhook;
import com.sun.net.httpserver.HttpServer;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.ExampleProject;
import dev.darkroom.testing.ExampleProject.RunningExample;
import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.TcpProxy;
import io.vertx.core.json.JsonObject;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs the shops of {@code src/examples} that receive webhooks, with real deliveries. Needs Node, npm, Python and PyPI. */
@Tag("examples")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class WebhookExamplesIT {
    private static final Map<String, ExampleProject> INSTALLED = new HashMap<>();
    private static final Pattern RECEIVED = Pattern.compile("webhook (\\S+) received");

    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    @TempDir
    Path directory;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final int port = FreePort.find();
    private DarkroomExtension.User user;
    private TcpProxy darkroom;

    @BeforeEach
    void start() {
        user = service.newUser();
        darkroom = new TcpProxy("127.0.0.1", service.darkroom().api().getPort());
    }

    @AfterEach
    void stop() {
        darkroom.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"java-webhooks", "python-webhooks", "node-webhooks"})
    void learnsTheEndByAVerifiedWebhook(String example) throws Exception {
        try (RunningExample shop = startShop(example)) {
            // when
            String id = order("A lighthouse at dusk");

            // then
            JsonObject complete = awaitStatus(id, "COMPLETE");
            URI image = URI.create(complete.getJsonArray("imageUrls").getString(0));
            assertThat(service.anonymous()
                            .get(image.getPath() + "?" + image.getQuery())
                            .header("Content-Type"))
                    .isEqualTo("image/png");
            List<String> received = received(shop);
            assertThat(received).hasSize(1);
            String generationId = generationIds().get(0);

            // when the delivery is repeated
            Instant now = Instant.now();
            String body = "{\"type\":\"generation.ended\",\"data\":{\"generationId\":\"" + generationId + "\"}}";
            String signature = sign(received.get(0), now, body);

            // then it is ignored
            assertThat(deliver(received.get(0), now, signature, body)).isEqualTo(204);
            shop.awaitLine("webhook " + received.get(0) + " ignored");

            // then forged and damaged deliveries are refused
            Instant old = now.minus(Duration.ofMinutes(6));
            for (String forged :
                    List.of("v1,AAAA", "v1," + "A".repeat(43) + "=", "garbage", "v1,%%%", "", signature + "x")) {
                assertThat(deliver("other", now, forged, body)).as(forged).isEqualTo(401);
            }
            assertThat(deliver("other", now, signature, body)).isEqualTo(401);
            assertThat(deliver("other", now, sign("other", now, body), body + " "))
                    .isEqualTo(401);
            assertThat(deliver("other", old, sign("other", old, body), body)).isEqualTo(401);
            assertThat(post("/webhooks/darkroom", Map.of(), body).statusCode()).isEqualTo(401);
            assertThat(deliver("other", "soon", signature, body)).isEqualTo(401);
            assertThat(received(shop)).hasSize(1);

            // then an event of an unknown type is accepted and ignored
            String unknown = "{\"type\":\"later.version\",\"data\":{}}";
            assertThat(deliver("later", now, sign("later", now, unknown), unknown))
                    .isEqualTo(204);

            // when the secret is rotated, then the running shop accepts deliveries
            user.client().send("POST", "/api/webhook-secret/rotate", Map.of(), null);
            awaitStatus(order("A harbour"), "COMPLETE");
            assertThat(received(shop)).hasSize(2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"java-webhooks", "python-webhooks", "node-webhooks"})
    void showsWhyARequestWasRejected(String example) throws Exception {
        try (RunningExample shop = startShop(example)) {
            assertThat(awaitStatus(order(""), "FAILED").getString("error")).isEqualTo("prompt: must not be empty");

            service.aiServer().script(new JsonObject().put("moderation", true));
            JsonObject moderated = awaitStatus(order("Something unkind"), "FAILED");
            assertThat(moderated.getString("error")).isNotBlank();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"java-webhooks", "python-webhooks", "node-webhooks"})
    void processesAStoredWebhookAfterARestart(String example) throws Exception {
        String id;
        try (RunningExample shop = startShop(example)) {
            // given a webhook that arrives while the shop cannot reach Darkroom
            id = orderThatIsRejectedByTheAiServer();
            darkroom.refuseConnections();
            service.aiServer().reset();
            shop.awaitLine(" received");
            assertThat(show(id).getString("status")).isEqualTo("PENDING");
        }

        // when the shop was killed and starts again
        darkroom.acceptConnections();
        try (RunningExample shop = startShop(example)) {
            // then
            awaitStatus(id, "COMPLETE");
            assertThat(received(shop)).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"java-webhooks", "python-webhooks", "node-webhooks"})
    void finishesOrdersAfterARestart(String example) throws Exception {
        String pending;
        String neverSent;
        try (RunningExample shop = startShop(example)) {
            pending = orderThatIsRejectedByTheAiServer();
            darkroom.refuseConnections();
            neverSent = order("A harbour");
            shop.awaitLine("failed, trying again");
            assertThat(show(neverSent).getString("status")).isEqualTo("NEW");
        }

        // when the end of one order comes while the shop is stopped
        service.aiServer().reset();
        user.client().awaitEnd(generationIds().get(0));
        darkroom.acceptConnections();
        try (RunningExample shop = startShop(example)) {
            // then
            awaitStatus(pending, "COMPLETE");
            awaitStatus(neverSent, "COMPLETE");
            assertThat(generationIds()).hasSize(2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"java-webhooks", "python-webhooks", "node-webhooks"})
    void triesAgainAfterAResponseThatIsNoJson(String example) throws Exception {
        try (RunningExample shop = startShop(example)) {
            // given the page of a proxy in place of Darkroom
            darkroom.refuseConnections();
            InetSocketAddress address = new InetSocketAddress("127.0.0.1", darkroom.port());
            // The port is free when the proxy has left its system call.
            HttpServer page = Awaitility.await("the port")
                    .ignoreExceptions()
                    .until(() -> HttpServer.create(address, 0), server -> true);
            page.createContext("/", exchange -> {
                exchange.sendResponseHeaders(200, 0);
                exchange.getResponseBody().write('<');
                exchange.close();
            });
            page.start();
            String id = order("A lighthouse at dusk");
            shop.awaitLine("failed, trying again");

            // when
            page.stop(0);
            darkroom.acceptConnections();

            // then
            awaitStatus(id, "COMPLETE");
        }
    }

    private RunningExample startShop(String name) throws Exception {
        if (!INSTALLED.containsKey(name)) {
            INSTALLED.put(name, ExampleProject.install(name));
        }
        RunningExample shop = INSTALLED
                .get(name)
                .start(Map.of(
                        "API", "http://127.0.0.1:" + darkroom.port(),
                        "KEY", user.key(),
                        "PORT", String.valueOf(port),
                        "DATABASE", directory.resolve("shop.db").toString()));
        try {
            shop.awaitLine("listening on");
            Awaitility.await("the port")
                    .atMost(Duration.ofMinutes(1))
                    .ignoreExceptions()
                    .until(() -> http.send(request("/orders/none").build(), BodyHandlers.discarding())
                                    .statusCode()
                            == 404);
            return shop;
        } catch (RuntimeException | Error e) {
            shop.close();
            throw e;
        }
    }

    private String orderThatIsRejectedByTheAiServer() throws Exception {
        service.aiServer().script(new JsonObject().put("status", 429).put("times", -1));
        String id = order("A lighthouse at dusk");
        awaitStatus(id, "PENDING");
        return id;
    }

    private String order(String prompt) throws Exception {
        HttpResponse<String> response = post(
                "/orders",
                Map.of("Content-Type", "application/json"),
                new JsonObject().put("prompt", prompt).encode());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
        return new JsonObject(response.body()).getString("id");
    }

    private JsonObject show(String id) throws Exception {
        HttpResponse<String> response = http.send(request("/orders/" + id).build(), BodyHandlers.ofString());
        return response.statusCode() == 200 ? new JsonObject(response.body()) : new JsonObject();
    }

    private JsonObject awaitStatus(String id, String status) {
        return Awaitility.await(status)
                .atMost(Duration.ofMinutes(2))
                .until(() -> show(id), shown -> status.equals(shown.getString("status")));
    }

    private List<String> generationIds() {
        return user.client().get("/api/generation").json().getJsonArray("items").stream()
                .map(item -> ((JsonObject) item).getString("id"))
                .toList();
    }

    private static List<String> received(RunningExample shop) {
        return RECEIVED.matcher(shop.output())
                .results()
                .map(result -> result.group(1))
                .toList();
    }

    private String sign(String id, Instant at, String body) throws Exception {
        String secret = user.client().get("/api/webhook-secret").json().getString("secret");
        return new Webhook(secret).sign(id, at.getEpochSecond(), body);
    }

    private int deliver(String id, Instant at, String signature, String body) throws Exception {
        return deliver(id, String.valueOf(at.getEpochSecond()), signature, body);
    }

    private int deliver(String id, String timestamp, String signature, String body) throws Exception {
        Map<String, String> headers =
                Map.of("webhook-id", id, "webhook-timestamp", timestamp, "webhook-signature", signature);
        return post("/webhooks/darkroom", headers, body).statusCode();
    }

    private HttpResponse<String> post(String path, Map<String, String> headers, String body) throws Exception {
        HttpRequest.Builder request = request(path).POST(BodyPublishers.ofString(body));
        headers.forEach(request::header);
        return http.send(request.build(), BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(60));
    }
}
