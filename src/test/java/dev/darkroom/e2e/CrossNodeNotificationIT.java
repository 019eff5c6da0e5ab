package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.SseClient;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Streams notifications from one process about generations that another process runs. */
@Timeout(300)
class CrossNodeNotificationIT {
    @TempDir
    Path directory;

    private final DatabaseUrl database = TestPostgres.migratedDatabase();
    private InProcessSimulator inProcessSimulator;

    @BeforeEach
    void start() {
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
    }

    @AfterEach
    void stop() {
        inProcessSimulator.close();
    }

    private DarkroomInstanceSettings settings(String concurrency, String poll) {
        return DarkroomInstanceSettings.forTests()
                .database(database)
                .aiServer(inProcessSimulator)
                .with("DARKROOM_WORKER_CONCURRENCY", concurrency)
                .with("DARKROOM_NOTIFICATIONS_POLL_INTERVAL", poll)
                .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString());
    }

    private DarkroomInstance startNode(String name, String concurrency, String poll) throws Exception {
        return InProcessDarkroom.start(Files.createDirectory(directory.resolve(name)), settings(concurrency, poll));
    }

    private static SseClient listen(DarkroomInstance node) {
        SseClient stream = SseClient.open(node.client().base(), "/api/notifications/stream", Map.of());
        stream.await("the first frame", frames -> !frames.isEmpty());
        return stream;
    }

    @Test
    void databaseNotificationReachesStreamsOfOtherProcesses() throws Exception {
        // given two processes that do not poll
        try (DarkroomInstance apiNode = startNode("apiNode", "0", "1h");
                DarkroomInstance workerNode = startNode("workerNode", "2", "1h");
                SseClient apiStream = listen(apiNode);
                SseClient workerStream = listen(workerNode)) {

            // when
            String id = apiNode.client().create("A pier");

            // then
            for (SseClient stream : List.of(apiStream, workerStream)) {
                JsonObject notification =
                        new JsonObject(stream.awaitEvent("notification").data());
                assertThat(notification.getJsonObject("data").getString("generationId"))
                        .isEqualTo(id);
            }
            assertThat(apiStream.lastEventId()).isEqualTo(workerStream.lastEventId());
        }
        DatabaseInvariants.assertNoViolations(database, directory.resolve("images"));
    }

    @Test
    void clientOfStoppedProcessResumesAtAnotherWithoutLoss() throws Exception {
        // given
        SseClient stream;
        try (DarkroomInstance first = startNode("first", "2", "1h")) {
            stream = listen(first);
            first.client().awaitEnd(first.client().create("A pier"));
            stream.awaitEvent("notification");
        }

        // then
        stream.awaitEnd();
        JsonObject close = new JsonObject(stream.awaitEvent("close").data());
        assertThat(close.getString("reason")).isEqualTo("SHUTDOWN");
        assertThat(close.getInteger("retryMs")).isBetween(1_000, 15_000);
        assertThat(stream.retryMs()).isEqualTo(close.getInteger("retryMs"));

        // when
        try (DarkroomInstance second = startNode("second", "2", "1h")) {
            second.client().awaitEnd(second.client().create("Another pier"));
            SseClient resumed = SseClient.open(
                    second.client().base(),
                    "/api/notifications/stream?last_event_id=" + stream.lastEventId(),
                    Map.of());

            // then
            JsonObject notification =
                    new JsonObject(resumed.awaitEvent("notification").data());
            assertThat(notification.getInteger("seq")).isEqualTo(2);
            resumed.close();
        }
        stream.close();
    }
}
