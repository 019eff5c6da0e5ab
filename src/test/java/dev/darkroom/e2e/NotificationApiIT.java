package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.SseClient;
import dev.darkroom.testing.SseParser.Frame;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Notifications on streams and in the list: resumption, several devices, expired positions. Each test has its own user.
 */
@Timeout(300)
class NotificationApiIT {
    private static final JsonObject MODERATION = new JsonObject().put("moderation", true);

    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    private final User user = User.create();

    /** A user with an API key. */
    private record User(String name, String key, ApiClient client) {

        static User create() {
            String name = "user-" + UUID.randomUUID();
            ApiKey key = ApiKey.generate(new SecureRandom());
            try (ApiKeyAdmin cabinet = ApiKeyAdmin.open(service.database())) {
                cabinet.create(key, new Principal(name, Role.USER), null);
            }
            return new User(name, key.secret(), service.anonymous().withKey(key.secret()));
        }

        SseClient listen(String query) {
            SseClient stream = SseClient.open(
                    service.anonymous().base(),
                    "/api/notifications/stream" + query,
                    Map.of("Authorization", "Bearer " + key));
            // The first frame carries the start position of the stream.
            stream.await("the first frame", frames -> !frames.isEmpty());
            return stream;
        }

        /** Creates a generation and waits for its end. Returns its id. */
        String complete() {
            return client.awaitEnd(client.create("A lighthouse")).getString("id");
        }

        void complete(int count) {
            List<String> ids = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                ids.add(client.create("A lighthouse"));
            }
            ids.forEach(client::awaitEnd);
        }

        /**
         * Deletes ended generations without a notification, which the doctor command would report in tests of other
         * classes.
         */
        void deleteGenerations() {
            client.get("/api/generation?limit=100").json().getJsonArray("items").stream()
                    .map(JsonObject.class::cast)
                    .forEach(generation -> client.delete(generation.getString("id")));
        }

        ApiClient.ApiResponse ack(JsonObject body) {
            return client.send(
                    "POST",
                    "/api/notifications/ack",
                    Map.of("Content-Type", "application/json"),
                    body.encode().getBytes(StandardCharsets.UTF_8));
        }

        JsonObject list(String query) {
            ApiClient.ApiResponse apiResponse = client.get("/api/notifications" + query);
            assertThat(apiResponse.status()).as(apiResponse.text()).isEqualTo(200);
            return apiResponse.json();
        }
    }

    private static JsonObject data(Frame frame) {
        return new JsonObject(frame.data());
    }

    private static List<Long> sequenceNumbers(SseClient stream) {
        return stream.frames("notification").stream()
                .map(frame -> data(frame).getLong("seq"))
                .toList();
    }

    private static List<Long> numbersUpTo(long last) {
        return LongStream.rangeClosed(1, last).boxed().toList();
    }

    @Test
    void streamsEndOfGeneration() {
        // given
        try (SseClient stream = user.listen("")) {
            assertThat(stream.status()).isEqualTo(200);
            assertThat(stream.header("Content-Type")).isEqualTo("text/event-stream");
            assertThat(stream.header("Cache-Control")).isEqualTo("no-store");
            assertThat(stream.lastEventId()).matches("[0-9a-f]{8}-0");

            // when
            String id = user.client().create("A lighthouse");

            // then
            Frame received = stream.awaitEvent("notification");
            JsonObject notification = data(received);
            assertThat(received.id()).isEqualTo(stream.lastEventId()).endsWith("-1");
            assertThat(notification.getInteger("seq")).isEqualTo(1);
            assertThat(notification.getString("type")).isEqualTo("generation.ended");
            assertThat(notification.getJsonObject("data"))
                    .isEqualTo(new JsonObject()
                            .put("generationId", id)
                            .put("status", "COMPLETE")
                            .put("imageCount", 1)
                            .put("failedAttempts", 0));
            assertThat(user.client().generation(id).getString("status")).isEqualTo("COMPLETE");
        }
    }

    @Test
    void notificationOfFailureHasReason() {
        // given
        service.aiServer().script(MODERATION);
        try (SseClient stream = user.listen("")) {

            // when
            user.client().create("A lighthouse");

            // then
            JsonObject received = data(stream.awaitEvent("notification")).getJsonObject("data");
            assertThat(received.getString("status")).isEqualTo("FAILED");
            assertThat(received.getInteger("failedAttempts")).isEqualTo(1);
            assertThat(received.getJsonObject("error").getString("code")).isEqualTo("MODERATED");
            assertThat(received.getJsonObject("error").getString("message")).isNotBlank();
        }
    }

    @Test
    void resumesWithMissedNotificationsInOrder() {
        // given
        SseClient stream = user.listen("");
        user.complete();
        stream.awaitEvent("notification");
        stream.close();
        user.complete(8);

        // when
        stream.reconnect();

        // then
        stream.await("missed notifications", frames -> sequenceNumbers(stream).size() == 9);
        user.complete();
        stream.await("new notifications", frames -> sequenceNumbers(stream).size() == 10);
        assertThat(sequenceNumbers(stream)).isEqualTo(numbersUpTo(10));
        assertThat(stream.frames("reset")).isEmpty();
        stream.close();
    }

    @Test
    void subscriberReceivesWhatItHasNotAcknowledged() {
        // given
        user.complete(4);
        assertThat(user.ack(new JsonObject().put("subscriber", "phone").put("seq", 3))
                        .json())
                .isEqualTo(new JsonObject().put("ackedSeq", 3).put("lastSeq", 4).put("unreadCount", 4));

        // when
        try (SseClient phone = user.listen("?subscriber=phone");
                SseClient laptop = user.listen("?subscriber=laptop");
                SseClient nameless = user.listen("")) {
            user.complete();

            // then
            phone.await(
                    "unacknowledged notifications of the phone",
                    frames -> sequenceNumbers(phone).size() == 2);
            laptop.await("all notifications", frames -> sequenceNumbers(laptop).size() == 5);
            nameless.await(
                    "new notifications", frames -> sequenceNumbers(nameless).size() == 1);
            assertThat(sequenceNumbers(phone)).containsExactly(4L, 5L);
            assertThat(sequenceNumbers(laptop)).isEqualTo(numbersUpTo(5));
            assertThat(sequenceNumbers(nameless)).containsExactly(5L);
        }
    }

    @Test
    void acknowledgementsAndReadsReachOtherDevices() {
        // given
        user.complete(2);
        JsonObject first = user.list("?limit=1").getJsonArray("items").getJsonObject(0);
        try (SseClient laptop = user.listen("?subscriber=laptop")) {

            // when
            user.ack(new JsonObject().put("subscriber", "phone").put("seq", 2));

            // then
            laptop.awaitEvent("unreadState");
            assertThat(data(laptop.frames("unreadState").get(0)))
                    .isEqualTo(new JsonObject().put("ackedSeq", 2).put("unreadCount", 2));

            // when
            ApiClient.ApiResponse read =
                    user.client().send("POST", "/api/notifications/" + first.getString("id") + "/read", Map.of(), null);

            // then
            assertThat(read.json().getString("readAt")).isNotNull();
            laptop.await(
                    "the state after the read",
                    frames -> laptop.frames("unreadState").size() == 2);
            assertThat(data(laptop.frames("unreadState").get(1)).getInteger("unreadCount"))
                    .isEqualTo(1);
            assertThat(user.list("").getInteger("unreadCount")).isEqualTo(1);
        }
    }

    @Test
    void acknowledgementsNeverDecreaseOrExceedLastNotification() {
        // given
        user.complete(3);
        user.ack(new JsonObject().put("subscriber", "phone").put("seq", 3));

        // when
        ApiClient.ApiResponse lower =
                user.ack(new JsonObject().put("subscriber", "phone").put("seq", 1));
        ApiClient.ApiResponse repeated =
                user.ack(new JsonObject().put("subscriber", "phone").put("seq", 3));
        ApiClient.ApiResponse beyond =
                user.ack(new JsonObject().put("subscriber", "phone").put("seq", 4));

        // then
        assertThat(lower.json().getInteger("ackedSeq")).isEqualTo(3);
        assertThat(repeated.json().getInteger("ackedSeq")).isEqualTo(3);
        assertThat(beyond.status()).isEqualTo(400);
        assertThat(beyond.json().getJsonArray("errors").getJsonObject(0))
                .isEqualTo(new JsonObject().put("pointer", "#/seq").put("detail", "is beyond the last notification"));
    }

    @Test
    void acknowledgesIntegerWithDecimalPoint() {
        // given
        user.complete();

        // when
        ApiClient.ApiResponse acknowledged = user.ack(new JsonObject().put("seq", 1.0));

        // then
        assertThat(acknowledged.status()).as(acknowledged.text()).isEqualTo(200);
        assertThat(acknowledged.json().getInteger("ackedSeq")).isEqualTo(1);
    }

    @Test
    void limitsNumberOfSubscribers() {
        // given
        user.complete();
        for (int i = 0; i < 50; i++) {
            assertThat(user.ack(new JsonObject().put("subscriber", "d" + i).put("seq", 1))
                            .status())
                    .isEqualTo(200);
        }

        // when
        ApiClient.ApiResponse oneMore =
                user.ack(new JsonObject().put("subscriber", "more").put("seq", 1));

        // then
        assertThat(oneMore.status()).isEqualTo(409);
        assertThat(user.ack(new JsonObject().put("subscriber", "d7").put("seq", 1))
                        .status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"seq\":0}",
                "{\"seq\":\"1\"}",
                "{\"seq\":1,\"subscriber\":\"no spaces\"}",
                "{\"seq\":1,\"x\":1}"
            })
    void rejectsInvalidAcknowledgement(String body) {
        assertThat(user.ack(new JsonObject(body)).status()).isEqualTo(400);
    }

    @Test
    void listsAllNotificationsPageByPage() {
        // given
        user.complete(5);

        // when
        JsonArray items = new JsonArray();
        JsonObject page = user.list("?limit=2");
        items.addAll(page.getJsonArray("items"));
        while (page.containsKey("nextCursor")) {
            page = user.list("?limit=2&cursor=" + page.getString("nextCursor"));
            items.addAll(page.getJsonArray("items"));
            assertThat(page.containsKey("reset")).isFalse();
        }

        // then
        assertThat(items.stream().map(item -> ((JsonObject) item).getLong("seq")))
                .isEqualTo(numbersUpTo(5));
        assertThat(user.client().get("/api/notifications?cursor=nonsense").status())
                .isEqualTo(400);
        String position = page.getString("position");
        assertThat(user.list("?cursor=" + position).getJsonArray("items")).isEmpty();
        user.complete();
        assertThat(user.list("?cursor=" + position).getJsonArray("items")).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "EPOCH_CHANGED, 00000000-1",
        "BEYOND_END, EPOCH-99",
        "MALFORMED, garbage",
        "MALFORMED, ''';DROP TABLE'",
        "MALFORMED, 99999999999999999999"
    })
    void reportsInvalidCursor(String reason, String cursor) {
        // given
        user.complete(2);
        SseClient probe = user.listen("");
        String epoch = probe.lastEventId().substring(0, 8);
        probe.close();

        // when
        String sent = cursor.replace("EPOCH", epoch);
        try (SseClient stream =
                user.listen("?last_event_id=" + java.net.URLEncoder.encode(sent, StandardCharsets.UTF_8))) {

            // then
            assertThat(data(stream.awaitEvent("reset")))
                    .isEqualTo(new JsonObject()
                            .put("reason", reason)
                            .put("epoch", epoch)
                            .put("lastSeq", 2));
            user.complete();
            stream.awaitEvent("notification");
            assertThat(sequenceNumbers(stream)).containsExactly(3L);
            assertThat(stream.lastEventId()).isEqualTo(epoch + "-3");
        }
    }

    @Test
    void cursorOfOtherUserRevealsNothing() {
        // given
        User other = User.create();
        other.complete(3);
        SseClient otherStream = other.listen("");
        String cursor = otherStream.lastEventId().replaceFirst("-.*", "-1");
        otherStream.close();

        // when
        try (SseClient stream = user.listen("?last_event_id=" + cursor)) {

            // then
            assertThat(data(stream.awaitEvent("reset")).getString("reason")).isEqualTo("EPOCH_CHANGED");
            assertThat(user.list("?cursor=" + cursor).getString("reset")).isEqualTo("EPOCH_CHANGED");
            assertThat(stream.frames("notification")).isEmpty();
        }
    }

    @Test
    void reportsExpiredNotifications() {
        // given
        SseClient stream = user.listen("");
        user.complete();
        stream.awaitEvent("notification");
        stream.close();
        user.complete(4);
        TestPostgres.execute(
                service.database(), "DELETE FROM notifications WHERE user_id = '" + user.name() + "' AND seq < 4");

        // when
        stream.reconnect();

        // then
        assertThat(data(stream.awaitEvent("reset")).getString("reason")).isEqualTo("EXPIRED");
        JsonObject list =
                user.list("?cursor=" + stream.frames("notification").get(0).id());
        assertThat(list.getString("reset")).isEqualTo("EXPIRED");
        assertThat(list.getJsonArray("items")).hasSize(2);
        user.complete();
        stream.await("new notifications", frames -> sequenceNumbers(stream).size() == 2);
        assertThat(sequenceNumbers(stream)).containsExactly(1L, 6L);
        stream.close();
        user.deleteGenerations();
    }

    @Test
    void reportsNewEpochToStreams() {
        // given a new epoch, as after a restore
        user.complete();
        SseClient stream = user.listen("?subscriber=phone");
        stream.awaitEvent("notification");
        stream.close();
        TestPostgres.execute(
                service.database(),
                "UPDATE user_streams SET epoch = gen_random_uuid() WHERE user_id = '" + user.name() + "'");

        // when
        stream.reconnect();

        // then
        assertThat(data(stream.awaitEvent("reset")).getString("reason")).isEqualTo("EPOCH_CHANGED");
        stream.close();
    }

    @Test
    void notificationIsReadOnceByItsUserOnly() {
        // given
        user.complete();
        String id = user.list("").getJsonArray("items").getJsonObject(0).getString("id");
        String path = "/api/notifications/" + id + "/read";

        // then
        assertThat(User.create().client().send("POST", path, Map.of(), null).status())
                .isEqualTo(404);
        String first = user.client().send("POST", path, Map.of(), null).json().getString("readAt");
        assertThat(user.client().send("POST", path, Map.of(), null).json().getString("readAt"))
                .isEqualTo(first);
        assertThat(user.client()
                        .send("POST", "/api/notifications/" + UUID.randomUUID() + "/read", Map.of(), null)
                        .status())
                .isEqualTo(404);
    }
}
