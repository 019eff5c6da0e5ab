package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.SseClient;
import dev.darkroom.testing.TestApiKeys;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Users who reconnect after weeks: the stream resumes within the retention period, reports a reset beyond it, and the
 * list returns the rest.
 */
@Timeout(300)
class NotificationRetentionIT {
    @TempDir
    Path directory;

    private DarkroomInstanceSettings settings;
    private DatabaseUrl database;

    @AutoClose
    private final InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));

    @BeforeEach
    void start() {
        database = TestPostgres.migratedDatabase();
        settings = DarkroomInstanceSettings.forTests()
                .database(database)
                .aiServer(inProcessSimulator)
                .with("DARKROOM_AUTH", "required");
        Settings.Database databaseSettings = SettingsLoader.load(settings.environment(), directory)
                .settings()
                .database();
        DatabaseMigrator.migrate(database, databaseSettings);
    }

    @Test
    void resumesWithinRetentionAndResetsBeyondIt() {
        // given a user whose position is older than the retention period, and a user who missed three weeks of
        // notifications
        String expiredKey = TestApiKeys.create(database, "late");
        String retainedKey = TestApiKeys.create(database, "away");
        TestPostgres.execute(
                database,
                "INSERT INTO user_streams (user_id, epoch, last_seq) VALUES"
                        + " ('late', '7f3a2b9c-0000-4000-8000-000000000000', 30),"
                        + " ('away', '7f3a2b9c-0000-4000-8000-000000000000', 1200)",
                // Creates the partition as a process would have created it then.
                "DO $$ DECLARE week date := date_trunc('week', now() AT TIME ZONE 'UTC' - interval '60 days'); BEGIN"
                        + " EXECUTE format('CREATE TABLE notifications_%s PARTITION OF notifications FOR VALUES FROM (%L) TO (%L)',"
                        + " to_char(week, 'YYYYMMDD'), week || ' 00:00:00+00', week + 7 || ' 00:00:00+00'); END $$",
                insert(
                        "late",
                        1,
                        10,
                        "date_trunc('week', now() AT TIME ZONE 'UTC' - interval '60 days') AT TIME ZONE 'UTC'"
                                + " + interval '1 day'"),
                insert("late", 11, 30, "now() - interval '5 days' + n * interval '1 minute'"),
                insert("away", 1, 1_200, "now() - interval '21 days' + n * interval '20 minutes'"));

        // when a process has dropped the expired partitions
        try (DarkroomInstance darkroomInstance = InProcessDarkroom.start(directory, settings)) {
            Awaitility.await("dropped partition")
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> TestPostgres.query(
                                    database, "SELECT 1 FROM notifications WHERE user_id = 'late' AND seq < 11")
                            .isEmpty());

            // then
            assertResetBeyondRetention(darkroomInstance.client().withKey(expiredKey), expiredKey);
            assertResumesWithinRetention(darkroomInstance.client().withKey(retainedKey), retainedKey);
        }
    }

    private static String insert(String user, int first, int last, String createdAt) {
        return "INSERT INTO notifications (user_id, seq, id, type, data, created_at) SELECT '" + user
                + "', n, gen_random_uuid(), 'generation.ended', jsonb_build_object('generationId', gen_random_uuid(), 'status',"
                + " 'COMPLETE', 'imageCount', 1, 'failedAttempts', 0), " + createdAt + " FROM generate_series(" + first
                + ", "
                + last + ") n";
    }

    private static void assertResetBeyondRetention(ApiClient client, String key) {
        try (SseClient stream = listen(client, key, "?last_event_id=7f3a2b9c-2")) {
            // A client drops its notifications, reads the list, and continues with the stream.
            JsonObject reset = new JsonObject(stream.awaitEvent("reset").data());
            assertThat(reset.getString("reason")).isEqualTo("EXPIRED");
            List<Long> received = new ArrayList<>();
            String cursor = null;
            do {
                JsonObject page = client.get("/api/notifications?limit=7" + (cursor == null ? "" : "&cursor=" + cursor))
                        .json();
                received.addAll(sequenceNumbers(page.getJsonArray("items")));
                cursor = page.getString("nextCursor");
            } while (cursor != null);
            client.awaitEnd(client.create("A lighthouse at last"));
            stream.awaitEvent("notification");
            received.addAll(sequenceNumbers(stream));
            assertThat(received)
                    .isEqualTo(LongStream.rangeClosed(11, 31).boxed().toList());
        }
    }

    private static void assertResumesWithinRetention(ApiClient client, String key) {
        List<Long> all = LongStream.rangeClosed(1, 1_200).boxed().toList();
        try (SseClient stream = listen(client, key, "?last_event_id=7f3a2b9c-0")) {
            stream.await("all", frames -> sequenceNumbers(stream).size() >= 1_200);
            assertThat(sequenceNumbers(stream)).isEqualTo(all);
            assertThat(stream.frames("reset")).isEmpty();
        }
        // Acknowledges out of order, repeatedly, and beyond the last notification.
        assertThat(acked(client, 500)).isEqualTo(500);
        assertThat(acked(client, 300)).isEqualTo(500);
        assertThat(acked(client, 500)).isEqualTo(500);
        assertThat(ack(client, 1_201).status()).isEqualTo(400);
        try (SseClient stream = listen(client, key, "?subscriber=phone")) {
            stream.await("the rest", frames -> sequenceNumbers(stream).size() >= 700);
            assertThat(sequenceNumbers(stream)).isEqualTo(all.subList(500, 1_200));
        }
    }

    private static int acked(ApiClient client, int seq) {
        return ack(client, seq).json().getInteger("ackedSeq");
    }

    private static ApiClient.ApiResponse ack(ApiClient client, int seq) {
        String body =
                new JsonObject().put("subscriber", "phone").put("seq", seq).encode();
        return client.send(
                "POST",
                "/api/notifications/ack",
                Map.of("Content-Type", "application/json"),
                body.getBytes(StandardCharsets.UTF_8));
    }

    private static SseClient listen(ApiClient client, String key, String query) {
        return SseClient.open(
                client.base(), "/api/notifications/stream" + query, Map.of("Authorization", "Bearer " + key));
    }

    private static List<Long> sequenceNumbers(JsonArray items) {
        return items.stream()
                .map(element -> ((JsonObject) element).getLong("seq"))
                .toList();
    }

    private static List<Long> sequenceNumbers(SseClient stream) {
        return stream.frames("notification").stream()
                .map(frame -> new JsonObject(frame.data()).getLong("seq"))
                .toList();
    }
}
