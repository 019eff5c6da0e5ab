package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.NotificationSocketClient;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Notifications over a WebSocket. Each test has its own user. */
@Timeout(300)
class NotificationSocketIT {
    private static final String ORIGIN = DarkroomExtension.ORIGIN;

    @TempDir
    static Path directory;

    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    private final String user = "user-" + UUID.randomUUID();
    private final ApiKey key = key(user);
    private final ApiClient client = service.anonymous().withKey(key.secret());

    private static ApiKey key(String user) {
        ApiKey key = ApiKey.generate(new SecureRandom());
        try (ApiKeyAdmin keyAdmin = ApiKeyAdmin.open(service.database())) {
            keyAdmin.create(key, new Principal(user, Role.USER), null);
        }
        return key;
    }

    private NotificationSocketClient open() throws Exception {
        return NotificationSocketClient.open(
                service.darkroom().api(), Map.of("Authorization", "Bearer " + key.secret()));
    }

    private static JsonObject resume() {
        return new JsonObject().put("op", "resume");
    }

    private NotificationSocketClient listen(JsonObject resume) throws Exception {
        NotificationSocketClient socket = open();
        socket.send(resume);
        return socket;
    }

    private String ticket() {
        return client.send("POST", "/api/notifications/ticket", Map.of(), null)
                .json()
                .getString("ticket");
    }

    private String complete() {
        return client.awaitEnd(client.create("A lighthouse")).getString("id");
    }

    @Test
    void sendsNotificationsAndAcceptsAcknowledgements() throws Exception {
        try (NotificationSocketClient socket = listen(resume())) {
            String begin = socket.await("begin", 1).getString("id");

            // when
            String id = complete();

            // then
            JsonObject notification = socket.await("notification", 1);
            assertThat(notification.getJsonObject("data").getJsonObject("data").getString("generationId"))
                    .isEqualTo(id);

            // when
            socket.send(new JsonObject().put("op", "ack").put("seq", 1));

            // then
            assertThat(socket.await("unreadState", 1).getJsonObject("data").getInteger("ackedSeq"))
                    .isEqualTo(1);
            socket.send(new JsonObject().put("op", "ack").put("seq", 99));
            assertThat(socket.await("error", 1).getJsonObject("data").getInteger("status"))
                    .isEqualTo(400);
            try (NotificationSocketClient resumed =
                    listen(resume().put("lastEventId", begin).put("subscriber", "phone"))) {
                assertThat(resumed.await("notification", 1)).isEqualTo(notification);
            }
        }
    }

    @Test
    void pageAuthenticatesWithTicket() throws Exception {
        try (NotificationSocketClient socket =
                NotificationSocketClient.open(service.darkroom().api(), Map.of("Origin", ORIGIN))) {
            socket.send(resume().put("ticket", ticket()));
            socket.await("begin", 1);
            complete();
            socket.await("notification", 1);
        }
        try (NotificationSocketClient socket =
                NotificationSocketClient.open(service.darkroom().api(), Map.of("Origin", ORIGIN))) {
            socket.send(resume().put("ticket", "dt_9oVqv0m3sQe7oZrH2m1yU0u5m0c8m5m3r1sJ4k2tXwA"));
            assertThat(socket.await("error", 1).getJsonObject("data").getInteger("status"))
                    .isEqualTo(401);
            assertThat(socket.awaitClose().intValue()).isEqualTo(1008);
        }
    }

    @ParameterizedTest
    @CsvSource({"https://evil.example, 403", "null, 403", "https://app.example.org.evil.example, 403", ", 403"})
    void rejectsForeignOrigins(String origin, int status) {
        Map<String, String> headers = origin == null ? Map.of() : Map.of("Origin", origin);
        assertThatThrownBy(
                        () -> NotificationSocketClient.open(service.darkroom().api(), headers)
                                .close())
                .isInstanceOfSatisfying(
                        UpgradeRejectedException.class,
                        rejected -> assertThat(rejected.getStatus()).isEqualTo(status));
    }

    @Test
    void rejectsUnauthenticatedUpgrade() {
        assertThatThrownBy(() -> NotificationSocketClient.open(
                                service.darkroom().api(), Map.of("Origin", ORIGIN, "Authorization", "Bearer dk_no"))
                        .close())
                .isInstanceOfSatisfying(
                        UpgradeRejectedException.class,
                        rejected -> assertThat(rejected.getStatus()).isEqualTo(401));
        assertThat(client.get("/api/notifications/socket").status()).isEqualTo(400);
        assertThat(service.anonymous().get("/api/notifications/socket").status())
                .isEqualTo(403);
    }

    @Test
    void closesSocketWithoutFirstMessage() throws Exception {
        try (NotificationSocketClient socket =
                NotificationSocketClient.open(service.darkroom().api(), Map.of("Origin", ORIGIN))) {
            assertThat(socket.awaitClose().intValue()).isEqualTo(1008);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "x", "[]", "{}", "{\"op\":\"ack\",\"seq\":1}", "{\"op\":\"resume\",\"x\":1}", "{\"op\":5}"})
    void reportsInvalidMessageAndContinues(String text) throws Exception {
        try (NotificationSocketClient socket = open()) {
            socket.send(text);
            assertThat(socket.await("error", 1).getJsonObject("data").getInteger("status"))
                    .isEqualTo(400);
            socket.send(resume());
            socket.await("begin", 1);
        }
    }

    @Test
    void limitsMessageSizeAndRate() throws Exception {
        try (NotificationSocketClient frequent = listen(resume());
                NotificationSocketClient oversized = listen(resume())) {
            for (int i = 0; i < 30; i++) {
                frequent.send("{}");
            }
            oversized.send("x".repeat(5000));
            assertThat(frequent.awaitClose().intValue()).isEqualTo(1008);
            oversized.awaitClose();
        }
    }

    @Test
    void closesSocketAfterBinaryFrame() throws Exception {
        try (NotificationSocketClient socket = listen(resume())) {
            socket.await("begin", 1);
            socket.write(WebSocketFrame.binaryFrame(Buffer.buffer(), true));
            assertThat(socket.awaitClose().intValue()).isEqualTo(1003);
        }
    }

    @Test
    void closesSocketAfterTooManyPings() throws Exception {
        try (NotificationSocketClient socket = listen(resume())) {
            socket.await("begin", 1);
            for (int i = 0; i < 200; i++) {
                socket.write(WebSocketFrame.pingFrame(Buffer.buffer("x")));
            }
            assertThat(socket.awaitClose().intValue()).isEqualTo(1008);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"garbage", "ffffffff-3", "00000000-0", "-1"})
    void reportsInvalidLastEventId(String lastEventId) throws Exception {
        complete();
        try (NotificationSocketClient socket = listen(resume().put("lastEventId", lastEventId))) {
            socket.await("reset", 1);
            complete();
            assertThat(socket.await("notification", 1).getJsonObject("data").getInteger("seq"))
                    .isEqualTo(2);
        }
    }

    @Test
    void reportsLastEventIdAheadOfStream() throws Exception {
        // given
        complete();
        String epoch;
        try (NotificationSocketClient socket = listen(resume())) {
            epoch = socket.await("begin", 1).getString("id").replaceFirst("-.*", "");
        }

        // when
        try (NotificationSocketClient socket = listen(resume().put("lastEventId", epoch + "-99"))) {

            // then
            assertThat(socket.await("reset", 1).getJsonObject("data"))
                    .isEqualTo(new JsonObject()
                            .put("reason", "BEYOND_END")
                            .put("epoch", epoch)
                            .put("lastSeq", 1));
        }
    }

    @Test
    void closesSocketWhenKeyIsRevoked() throws Exception {
        try (NotificationSocketClient socket = listen(resume())) {
            socket.await("begin", 1);
            try (ApiKeyAdmin keyAdmin = ApiKeyAdmin.open(service.database())) {
                keyAdmin.revoke(key.id());
            }
            assertThat(socket.await("close", 1).getJsonObject("data").getString("reason"))
                    .isEqualTo("UNAUTHORIZED");
            assertThat(socket.awaitClose().intValue()).isEqualTo(1008);
        }
    }

    @Test
    void reportsDeployOnShutdown() throws Exception {
        DarkroomInstance other = InProcessDarkroom.start(
                directory.resolve("other"),
                DarkroomInstanceSettings.forTests().database(service.database()).with("DARKROOM_AUTH", "required"));
        try (NotificationSocketClient socket =
                NotificationSocketClient.open(other.api(), Map.of("Authorization", "Bearer " + key.secret()))) {
            socket.send(resume());
            socket.await("begin", 1);
            other.close();
            assertThat(socket.await("close", 1).getJsonObject("data").getString("reason"))
                    .isEqualTo("SHUTDOWN");
            assertThat(socket.awaitClose().intValue()).isEqualTo(1012);
        }
    }
}
