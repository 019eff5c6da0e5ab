package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.darkroom.DarkroomExtension;
import dev.darkroom.access.ApiKey;
import dev.darkroom.access.Caller;
import dev.darkroom.access.KeyCabinet;
import dev.darkroom.access.Role;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ClusterClient;
import dev.darkroom.testing.DarkroomSettings;
import dev.darkroom.testing.MessageCheck;
import dev.darkroom.testing.SockJsClient;
import dev.darkroom.testing.TcpBridgeClient;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocketHandshakeException;
import java.security.SecureRandom;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Programs that listen by SockJS and by TCP hear of what is theirs, and can do nothing else. */
@Timeout(300)
class EventBusBridgesIT {
    private static final String EVENTS = "darkroom.generation.events";
    private static final String NOTIFICATIONS = "darkroom.notification.events";
    private static final String APP = "https://app.example.org";
    private static final int PORT = ClusterClient.freePort();

    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomSettings.quick()
            .with("DARKROOM_AUTH", "required")
            .with("DARKROOM_HTTP_CORS_ORIGINS", APP)
            .with("DARKROOM_BRIDGE_SOCKJS", "true")
            .with("DARKROOM_BRIDGE_TCP", "true")
            .with("DARKROOM_BRIDGE_PORT", String.valueOf(PORT)));

    private static String key(String user, Role role) {
        ApiKey key = ApiKey.mint(new SecureRandom());
        try (KeyCabinet cabinet = KeyCabinet.open(service.database())) {
            cabinet.add(key, new Caller(user, role), null);
        }
        return key.secret();
    }

    private static ApiClient client(String key) {
        return service.client().withKey(key);
    }

    private static HttpResponse<String> send(String method, String path, String... headers) throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(service.darkroom().api().resolve(path)).method(method, BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
    }

    @Test
    void theEndOfAGenerationIsToldToItsUserAndToAdminsAndToNobodyElse() {
        // given
        String alice = key("alice", Role.USER);
        String mallory = key("mallory", Role.USER);
        try (SockJsClient hers =
                        SockJsClient.withKey(service.darkroom().api(), alice).listen(EVENTS);
                TcpBridgeClient theirs = new TcpBridgeClient(PORT).listen(EVENTS, mallory);
                TcpBridgeClient admins = new TcpBridgeClient(PORT).listen(EVENTS, key("root", Role.ADMIN))) {
            // when
            String first = client(alice).create("A lighthouse");
            client(alice).awaitEnd(first);
            String second = client(mallory).create("A boat");
            client(mallory).awaitEnd(second);

            // then
            JsonObject heard = hers.next();
            assertThat(heard.getString("type")).isEqualTo("rec");
            assertThat(heard.getString("address")).isEqualTo(EVENTS);
            assertThat(heard.getJsonObject("body"))
                    .isEqualTo(new JsonObject()
                            .put("version", 1)
                            .put("type", "generation.ended")
                            .put("id", first)
                            .put("user", "alice")
                            .put("status", "COMPLETE"));
            MessageCheck.busEvent(EVENTS, heard.getJsonObject("body"));
            assertThat(theirs.next().getJsonObject("body").getString("id")).isEqualTo(second);
            assertThat(admins.next().getJsonObject("body").getString("id")).isEqualTo(first);
            assertThat(admins.next().getJsonObject("body").getString("id")).isEqualTo(second);
        }
    }

    @Test
    void aNotificationIsToldToItsUser() {
        // given
        String alice = key("alice-too", Role.USER);
        try (TcpBridgeClient hers = new TcpBridgeClient(PORT).listen(NOTIFICATIONS, alice)) {
            // when
            String id = client(alice).create("A lighthouse");

            // then
            JsonObject heard = hers.next().getJsonObject("body");
            MessageCheck.busEvent(NOTIFICATIONS, heard);
            assertThat(heard.getString("user")).isEqualTo("alice-too");
            assertThat(heard.getJsonObject("notification").getJsonObject("data").getString("generationId"))
                    .isEqualTo(id);
        }
    }

    @Test
    void aCommandIsRefusedAndNothingIsDone() {
        // given
        String key = key("bob", Role.ADMIN);
        JsonObject command = new JsonObject()
                .put("type", "send")
                .put("address", "darkroom.generation")
                .put("headers", new JsonObject().put("action", "create").put("version", "1"))
                .put("body", JsonObject.of("user", "bob", "request", JsonObject.of("prompt", "A boat")));
        try (SockJsClient sockJs = SockJsClient.withKey(service.darkroom().api(), key);
                TcpBridgeClient tcp = new TcpBridgeClient(PORT).listen(EVENTS, key)) {
            // when
            sockJs.send(command);
            sockJs.send(command.copy().put("type", "publish"));
            tcp.send(command);
            tcp.send(command.copy().put("type", "publish"));

            // then
            assertThat(sockJs.next().getString("body")).isEqualTo("access_denied");
            assertThat(sockJs.next().getString("body")).isEqualTo("access_denied");
            assertThat(tcp.next().getString("message")).isEqualTo("access_denied");
            assertThat(tcp.next().getString("message")).isEqualTo("access_denied");
            assertThat(client(key).get("/api/generation").json().getJsonArray("items"))
                    .isEmpty();
        }
    }

    @Test
    void aPageOfAKnownOriginMayConnectAndNoOther() {
        Map<String, String> known = Map.of("Authorization", "Bearer " + key("carol", Role.USER), "Origin", APP);
        try (SockJsClient page = SockJsClient.connect(service.darkroom().api(), known)) {
            page.listen(EVENTS);
        }

        for (String origin : new String[] {"https://evil.example", "null", APP + ".evil.example"}) {
            Map<String, String> foreign = Map.of("Authorization", known.get("Authorization"), "Origin", origin);
            assertThat(refusal(foreign)).as(origin).isEqualTo(403);
        }
    }

    @Test
    void whoPresentsNoCredentialOrNoneThatIsGoodIsNotLetIn() throws Exception {
        assertThat(refusal(Map.of())).isEqualTo(401);
        assertThat(refusal(Map.of("Authorization", "Bearer dk_nothing"))).isEqualTo(401);

        HttpResponse<String> info = send("GET", "/eventbus/info");
        assertThat(info.statusCode()).isEqualTo(401);
        assertThat(info.headers().firstValue("WWW-Authenticate")).hasValue("Bearer realm=\"darkroom\"");
        assertProblem(info, "unauthorized");
        try (TcpBridgeClient tcp = new TcpBridgeClient(PORT)) {
            tcp.send(new JsonObject().put("type", "register").put("address", EVENTS));
            assertThat(tcp.next().getString("message")).isEqualTo("not_logged_in");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /eventbus, 404, not-found",
        "GET, /eventbus/, 404, not-found",
        "GET, /eventbus/iframe.html, 404, not-found",
        "POST, /eventbus/chunking_test, 404, not-found",
        "POST, /eventbus/000/a1b2c3d4/xhr_send, 404, not-found",
        "GET, /eventbus/000/a1b2c3d4/eventsource, 404, not-found",
        "GET, /eventbus//info, 404, not-found",
        "GET, /eventbus/x/../info, 404, not-found",
        "GET, /api/../eventbus/info, 404, not-found",
        "GET, /eventbus/../api/generation, 404, not-found",
        "POST, /eventbus/info, 405, method-not-allowed",
        "GET, /eventbus/websocket, 400, invalid-request",
        "GET, /eventbus/000/a1b2c3d4/websocket, 400, invalid-request"
    })
    void allElseIsRefusedAsEverywhere(String method, String path, int status, String problem) throws Exception {
        // when
        HttpResponse<String> response = send(method, path, "Authorization", "Bearer " + key("dan", Role.USER));

        // then
        assertThat(response.statusCode()).isEqualTo(status);
        assertProblem(response, problem);
    }

    @Test
    void theGreetingOfSockJsIsToldWithTheMannersOfEveryAnswer() throws Exception {
        // when
        HttpResponse<String> info = send("GET", "/eventbus/info", "Authorization", "Bearer " + key("eve", Role.USER));

        // then
        assertThat(info.statusCode()).isEqualTo(200);
        assertThat(new JsonObject(info.body()).getBoolean("websocket")).isTrue();
        assertThat(new JsonObject(info.body()).getBoolean("cookie_needed")).isFalse();
        assertThat(info.headers().map()).containsKeys("x-request-id", "x-content-type-options");
        assertThat(info.headers().firstValue("Set-Cookie")).isEmpty();
        assertThat(info.headers().firstValue("Cache-Control"))
                .hasValueSatisfying(value -> assertThat(value).contains("no-store"));
    }

    @Test
    void theLogSaysAloudThatTheyAreOpen() {
        assertThat(service.darkroom().log())
                .anyMatch(line -> line.startsWith("WARN") && line.contains("under this path of the API"))
                .anyMatch(line -> line.startsWith("WARN") && line.contains("in the clear") && line.contains("" + PORT));
    }

    private static void assertProblem(HttpResponse<String> response, String type) {
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(response.headers().map()).containsKeys("x-request-id", "x-content-type-options");
        assertThat(new JsonObject(response.body()).getString("type")).isEqualTo("urn:darkroom:problem:" + type);
    }

    /** The status with which a handshake is refused. */
    private static int refusal(Map<String, String> headers) {
        Throwable failure = catchThrowable(
                () -> SockJsClient.connect(service.darkroom().api(), headers).close());
        assertThat(failure).hasCauseInstanceOf(WebSocketHandshakeException.class);
        return ((WebSocketHandshakeException) failure.getCause()).getResponse().statusCode();
    }
}
