package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientWebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Rate limits of requests and of failed logins. All clients have the address of this machine, so the failed logins come last. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RateLimitIT {
    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests()
            .with("DARKROOM_AUTH", "required")
            .with("DARKROOM_LIMITS_REQUESTS_PER_SECOND", "1")
            .with("DARKROOM_LIMITS_BURST", "10")
            .with("DARKROOM_HTTP_CORS_ORIGINS", "https://app.example.org")
            .with("DARKROOM_LIMITS_FAILED_LOGINS_PER_MINUTE", "5"));

    private static ApiClient client(String user) {
        ApiKey key = ApiKey.generate(new SecureRandom());
        try (ApiKeyAdmin keyAdmin = ApiKeyAdmin.open(service.database())) {
            keyAdmin.create(key, new Principal(user, Role.USER), null);
        }
        return service.client().withKey(key.secret());
    }

    private static ApiResponse list(ApiClient client) {
        return client.get("/api/generation");
    }

    @Test
    @Order(1)
    void rejectsRequestsAboveLimitWithRetryAfter() {
        // given
        ApiClient alice = client("alice");
        ApiResponse first = list(alice);
        assertThat(first.header("RateLimit-Policy")).isEqualTo("\"requests\";q=10;w=10");
        assertThat(first.header("RateLimit")).isEqualTo("\"requests\";r=9;t=1");

        // when
        ApiResponse rejected = Awaitility.await("a rejected request")
                .atMost(Duration.ofSeconds(60))
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> list(alice), apiResponse -> apiResponse.status() != 200);

        // then
        assertProblem(rejected, 429, "too-many-requests", "/api/generation");
        assertThat(rejected.header("Retry-After")).isEqualTo("1");
        assertThat(rejected.header("RateLimit")).startsWith("\"requests\";r=0;t=");
        assertThat(rejected.header("RateLimit-Policy")).isEqualTo("\"requests\";q=10;w=10");

        // and other users are not limited, the limit resets after a while, and errors report the remaining quota
        assertThat(list(client("bob")).status()).isEqualTo(200);
        ApiResponse notFound = Awaitility.await("the reset of the limit")
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(300))
                .until(
                        () -> alice.get("/api/generation/01a20919-f15c-75a9-bb7a-000000000000"),
                        apiResponse -> apiResponse.status() != 429);
        assertThat(notFound.status()).isEqualTo(404);
        assertThat(notFound.header("RateLimit")).isNotNull();
    }

    @Test
    @Order(2)
    void doesNotLimitPublicResources() {
        for (int i = 0; i < 30; i++) {
            ApiResponse contract = service.client().get("/openapi.yaml");
            assertThat(contract.status()).isEqualTo(200);
            assertThat(contract.header("RateLimit")).isNull();
        }
    }

    @Test
    @Order(3)
    void rejectsAddressAfterTooManyFailedLogins() {
        // given a valid key
        ApiClient carol = client("carol");
        assertThat(list(carol).status()).isEqualTo(200);

        // when
        List<ApiResponse> guesses = new ArrayList<>();
        ApiResponse rejected = Awaitility.await("a rejected request")
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(
                        () -> {
                            ApiKey guess = ApiKey.generate(new SecureRandom());
                            guesses.add(list(service.client().withKey(guess.secret())));
                            return guesses.get(guesses.size() - 1);
                        },
                        apiResponse -> apiResponse.status() != 401);

        // then
        assertThat(guesses).hasSizeGreaterThan(5);
        assertProblem(rejected, 429, "too-many-requests", "/api/generation");
        assertThat(Integer.parseInt(rejected.header("Retry-After"))).isBetween(1, 12);
        assertThat(list(carol).status()).isEqualTo(429);
        assertThat(service.client()
                        .get("/images/01a20919-f15c-75a9-bb7a-000000000000.png?expires=1&key=1&signature=x")
                        .status())
                .as("an image URL, which is not a login")
                .isEqualTo(403);

        // and requests without credentials get the usual response
        assertThat(list(service.client()).status()).isEqualTo(401);

        // and after a while another attempt is allowed
        Awaitility.await("the reset of the limit")
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(500))
                .until(() -> list(carol).status() == 200);
    }

    @Test
    @Order(4)
    void limitsConcurrentKeyChecks() throws Exception {
        List<String> requests = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            requests.add("GET /api/generation HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                    + ApiKey.generate(new SecureRandom()).secret() + "\r\n\r\n");
        }
        assertFiveChecked(statuses("127.0.0.21", requests));
    }

    @Test
    @Order(5)
    void limitsConcurrentTicketChecks() throws Exception {
        List<String> requests = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            requests.add("GET /api/notifications/stream?ticket=dt_" + "%043d".formatted(i)
                    + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        }
        assertFiveChecked(statuses("127.0.0.22", requests));
    }

    @Test
    @Order(6)
    void limitsTicketChecksOfSockets() throws Exception {
        Vertx vertx = Vertx.vertx();
        try {
            WebSocketClient client = vertx.createWebSocketClient(
                    new WebSocketClientOptions().setLocalAddress("127.0.0.23").setMaxConnections(60));
            List<CompletableFuture<Integer>> responses = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                CompletableFuture<Integer> response = new CompletableFuture<>();
                responses.add(response);
                String resume = new JsonObject()
                        .put("op", "resume")
                        .put("ticket", "dt_" + "%043d".formatted(i))
                        .encode();
                ClientWebSocket socket = client.webSocket();
                socket.textMessageHandler(text -> response.complete(
                        new JsonObject(text).getJsonObject("data").getInteger("status")));
                socket.connect(new WebSocketConnectOptions()
                                .setHost("127.0.0.1")
                                .setPort(service.darkroom().api().getPort())
                                .setURI("/api/notifications/socket")
                                .addHeader("Origin", "https://app.example.org"))
                        .compose(open -> socket.writeTextMessage(resume))
                        .onFailure(response::completeExceptionally);
            }
            List<Integer> statuses = new ArrayList<>();
            for (CompletableFuture<Integer> response : responses) {
                statuses.add(response.get(60, TimeUnit.SECONDS));
            }
            assertFiveChecked(statuses);
        } finally {
            vertx.close().await(60, TimeUnit.SECONDS);
        }
    }

    /** Returns the statuses of requests, each on its own connection. All are sent before the first response is read. */
    private static List<Integer> statuses(String localAddress, List<String> requests) throws IOException {
        List<Socket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < requests.size(); i++) {
                Socket socket = new Socket(
                        "127.0.0.1", service.darkroom().api().getPort(), InetAddress.getByName(localAddress), 0);
                socket.setSoTimeout(30_000);
                sockets.add(socket);
            }
            for (int i = 0; i < sockets.size(); i++) {
                sockets.get(i).getOutputStream().write(requests.get(i).getBytes(StandardCharsets.US_ASCII));
            }
            List<Integer> statuses = new ArrayList<>();
            for (Socket socket : sockets) {
                String line = new String(
                        socket.getInputStream().readNBytes("HTTP/1.1 401".length()), StandardCharsets.US_ASCII);
                statuses.add(Integer.parseInt(line.substring("HTTP/1.1 ".length())));
            }
            return statuses;
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    /**
     * Checks that five credentials were verified, and a few more on a slow machine, because the limit refills at five
     * per minute.
     */
    private static void assertFiveChecked(List<Integer> statuses) {
        assertThat(statuses).containsOnly(401, 429);
        assertThat(statuses).filteredOn(status -> status == 401).hasSizeBetween(5, 10);
    }
}
