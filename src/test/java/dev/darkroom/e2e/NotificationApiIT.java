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

/** Being told: on streams, after an absence, on several devices, and of what can be told no more. Each test is a user of its own. */
@Timeout(300)
class NotificationApiIT {
    private static final JsonObject MODERATION = new JsonObject().put("moderation", true);

    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    private final User user = User.somebody();

    /** Somebody with a key. */
    private record User(String name, String key, ApiClient client) {

        static User somebody() {
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
            // Now it is known where it begins.
            stream.await("the first frame", frames -> !frames.isEmpty());
            return stream;
        }

        /** Asks for a picture and waits until it is there. */
        String picture() {
            return client.awaitEnd(client.create("A lighthouse")).getString("id");
        }

        void pictures(int count) {
            List<String> ids = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                ids.add(client.create("A lighthouse"));
            }
            ids.forEach(client::awaitEnd);
        }

        /** Deletes what the doctor would report in tests of other classes: ended generations without a notification. */
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

        JsonObject inbox(String query) {
            ApiClient.ApiResponse apiResponse = client.get("/api/notifications" + query);
            assertThat(apiResponse.status()).as(apiResponse.text()).isEqualTo(200);
            return apiResponse.json();
        }
    }

    private static JsonObject data(Frame frame) {
        return new JsonObject(frame.data());
    }

    private static List<Long> numbers(SseClient stream) {
        return stream.frames("notification").stream()
                .map(frame -> data(frame).getLong("seq"))
                .toList();
    }

    private static List<Long> upTo(long last) {
        return LongStream.rangeClosed(1, last).boxed().toList();
    }

    @Test
    void whoListensHearsOfTheEnd() {
        // given
        try (SseClient stream = user.listen("")) {
            assertThat(stream.status()).isEqualTo(200);
            assertThat(stream.header("Content-Type")).isEqualTo("text/event-stream");
            assertThat(stream.header("Cache-Control")).isEqualTo("no-store");
            assertThat(stream.lastEventId()).matches("[0-9a-f]{8}-0");

            // when
            String id = user.client().create("A lighthouse");

            // then
            Frame told = stream.awaitEvent("notification");
            JsonObject notification = data(told);
            assertThat(told.id()).isEqualTo(stream.lastEventId()).endsWith("-1");
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
    void afterAFailureTheReasonIsTold() {
        // given
        service.aiServer().script(MODERATION);
        try (SseClient stream = user.listen("")) {

            // when
            user.client().create("A lighthouse");

            // then
            JsonObject told = data(stream.awaitEvent("notification")).getJsonObject("data");
            assertThat(told.getString("status")).isEqualTo("FAILED");
            assertThat(told.getInteger("failedAttempts")).isEqualTo(1);
            assertThat(told.getJsonObject("error").getString("code")).isEqualTo("MODERATED");
            assertThat(told.getJsonObject("error").getString("message")).isNotBlank();
        }
    }

    @Test
    void whoWasAwayGetsAllOfItInOrderAndThenWhatComes() {
        // given
        SseClient stream = user.listen("");
        user.picture();
        stream.awaitEvent("notification");
        stream.close();
        user.pictures(8);

        // when
        stream.reconnect();

        // then
        stream.await("what was missed", frames -> numbers(stream).size() == 9);
        user.picture();
        stream.await("what comes", frames -> numbers(stream).size() == 10);
        assertThat(numbers(stream)).isEqualTo(upTo(10));
        assertThat(stream.frames("reset")).isEmpty();
        stream.close();
    }

    @Test
    void aDeviceIsToldWhatItHasNotAcknowledged() {
        // given
        user.pictures(4);
        assertThat(user.ack(new JsonObject().put("subscriber", "phone").put("seq", 3))
                        .json())
                .isEqualTo(new JsonObject().put("acked", 3).put("top", 4).put("unread", 4));

        // when
        try (SseClient phone = user.listen("?subscriber=phone");
                SseClient laptop = user.listen("?subscriber=laptop");
                SseClient nameless = user.listen("")) {
            user.picture();

            // then
            phone.await("what the phone has not", frames -> numbers(phone).size() == 2);
            laptop.await("all", frames -> numbers(laptop).size() == 5);
            nameless.await("what is new", frames -> numbers(nameless).size() == 1);
            assertThat(numbers(phone)).containsExactly(4L, 5L);
            assertThat(numbers(laptop)).isEqualTo(upTo(5));
            assertThat(numbers(nameless)).containsExactly(5L);
        }
    }

    @Test
    void whatIsDoneOnOneDeviceIsSeenOnTheOthers() {
        // given
        user.pictures(2);
        JsonObject first = user.inbox("?limit=1").getJsonArray("items").getJsonObject(0);
        try (SseClient laptop = user.listen("?subscriber=laptop")) {

            // when
            user.ack(new JsonObject().put("subscriber", "phone").put("seq", 2));

            // then
            laptop.awaitEvent("state");
            assertThat(data(laptop.frames("state").get(0)))
                    .isEqualTo(new JsonObject().put("acked", 2).put("unread", 2));

            // when
            ApiClient.ApiResponse read =
                    user.client().send("POST", "/api/notifications/" + first.getString("id") + "/read", Map.of(), null);

            // then
            assertThat(read.json().getString("readAt")).isNotNull();
            laptop.await("the other state", frames -> laptop.frames("state").size() == 2);
            assertThat(data(laptop.frames("state").get(1)).getInteger("unread")).isEqualTo(1);
            assertThat(user.inbox("").getInteger("unread")).isEqualTo(1);
        }
    }

    @Test
    void acknowledgementsNeverGoBackNorBeyondWhatWasTold() {
        // given
        user.pictures(3);
        user.ack(new JsonObject().put("subscriber", "phone").put("seq", 3));

        // when
        ApiClient.ApiResponse late =
                user.ack(new JsonObject().put("subscriber", "phone").put("seq", 1));
        ApiClient.ApiResponse twice =
                user.ack(new JsonObject().put("subscriber", "phone").put("seq", 3));
        ApiClient.ApiResponse beyond =
                user.ack(new JsonObject().put("subscriber", "phone").put("seq", 4));

        // then
        assertThat(late.json().getInteger("acked")).isEqualTo(3);
        assertThat(twice.json().getInteger("acked")).isEqualTo(3);
        assertThat(beyond.status()).isEqualTo(400);
        assertThat(beyond.json().getJsonArray("errors").getJsonObject(0))
                .isEqualTo(new JsonObject().put("pointer", "#/seq").put("detail", "is beyond the last notification"));
    }

    @Test
    void thereIsRoomForSoManyDevices() {
        // given
        user.picture();
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
    void anAcknowledgementThatIsNoneIsRefused(String body) {
        assertThat(user.ack(new JsonObject(body)).status()).isEqualTo(400);
    }

    @Test
    void theListHasItAllPageByPage() {
        // given
        user.pictures(5);

        // when
        JsonArray items = new JsonArray();
        JsonObject page = user.inbox("?limit=2");
        items.addAll(page.getJsonArray("items"));
        while (page.containsKey("nextCursor")) {
            page = user.inbox("?limit=2&cursor=" + page.getString("nextCursor"));
            items.addAll(page.getJsonArray("items"));
            assertThat(page.containsKey("reset")).isFalse();
        }

        // then
        assertThat(items.stream().map(item -> ((JsonObject) item).getLong("seq")))
                .isEqualTo(upTo(5));
        assertThat(user.client().get("/api/notifications?cursor=nonsense").status())
                .isEqualTo(400);
        String position = page.getString("position");
        assertThat(user.inbox("?cursor=" + position).getJsonArray("items")).isEmpty();
        user.picture();
        assertThat(user.inbox("?cursor=" + position).getJsonArray("items")).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "EPOCH, 00000000-1",
        "AHEAD, EPOCH-99",
        "UNREADABLE, garbage",
        "UNREADABLE, ''';DROP TABLE'",
        "UNREADABLE, 99999999999999999999"
    })
    void aCursorThatIsWorthNothingIsToldSo(String reason, String cursor) {
        // given
        user.pictures(2);
        SseClient known = user.listen("");
        String epoch = known.lastEventId().substring(0, 8);
        known.close();

        // when
        String sent = cursor.replace("EPOCH", epoch);
        try (SseClient stream =
                user.listen("?last_event_id=" + java.net.URLEncoder.encode(sent, StandardCharsets.UTF_8))) {

            // then
            assertThat(data(stream.awaitEvent("reset")))
                    .isEqualTo(new JsonObject()
                            .put("reason", reason)
                            .put("epoch", epoch)
                            .put("top", 2));
            user.picture();
            stream.awaitEvent("notification");
            assertThat(numbers(stream)).containsExactly(3L);
            assertThat(stream.lastEventId()).isEqualTo(epoch + "-3");
        }
    }

    @Test
    void anothersCursorBringsNothingOfTheirs() {
        // given
        User other = User.somebody();
        other.pictures(3);
        SseClient hers = other.listen("");
        String cursor = hers.lastEventId().replaceFirst("-.*", "-1");
        hers.close();

        // when
        try (SseClient stream = user.listen("?last_event_id=" + cursor)) {

            // then
            assertThat(data(stream.awaitEvent("reset")).getString("reason")).isEqualTo("EPOCH");
            assertThat(user.inbox("?cursor=" + cursor).getString("reset")).isEqualTo("EPOCH");
            assertThat(stream.frames("notification")).isEmpty();
        }
    }

    @Test
    void whatIsKeptNoLongerIsSaidToBeMissing() {
        // given
        SseClient stream = user.listen("");
        user.picture();
        stream.awaitEvent("notification");
        stream.close();
        user.pictures(4);
        TestPostgres.execute(
                service.database(), "DELETE FROM notifications WHERE user_id = '" + user.name() + "' AND seq < 4");

        // when
        stream.reconnect();

        // then
        assertThat(data(stream.awaitEvent("reset")).getString("reason")).isEqualTo("EXPIRED");
        JsonObject list =
                user.inbox("?cursor=" + stream.frames("notification").get(0).id());
        assertThat(list.getString("reset")).isEqualTo("EXPIRED");
        assertThat(list.getJsonArray("items")).hasSize(2);
        user.picture();
        stream.await("what comes", frames -> numbers(stream).size() == 2);
        assertThat(numbers(stream)).containsExactly(1L, 6L);
        stream.close();
        user.deleteGenerations();
    }

    @Test
    void whenTheNumbersBeginAnewThoseWhoListenAreTold() {
        // given, as after a restore
        user.picture();
        SseClient stream = user.listen("?subscriber=phone");
        stream.awaitEvent("notification");
        stream.close();
        TestPostgres.execute(
                service.database(),
                "UPDATE user_streams SET epoch = gen_random_uuid() WHERE user_id = '" + user.name() + "'");

        // when
        stream.reconnect();

        // then
        assertThat(data(stream.awaitEvent("reset")).getString("reason")).isEqualTo("EPOCH");
        stream.close();
    }

    @Test
    void aNotificationIsReadOnceAndByItsUserAlone() {
        // given
        user.picture();
        String id = user.inbox("").getJsonArray("items").getJsonObject(0).getString("id");
        String path = "/api/notifications/" + id + "/read";

        // then
        assertThat(User.somebody().client().send("POST", path, Map.of(), null).status())
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
