package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.InProcessFleet;
import dev.darkroom.testing.SseClient;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Streams notifications from one process about generations that another process runs. */
@Timeout(300)
class CrossNodeNotificationIT {
    @TempDir
    Path directory;

    @AutoClose
    private InProcessFleet fleet;

    @BeforeEach
    void start() {
        fleet = new InProcessFleet(directory);
    }

    /** Starts a process that does not poll for notifications. */
    private DarkroomInstance startNode(String name, int workerConcurrency) {
        return fleet.start(name, fleet.settings(workerConcurrency).with("DARKROOM_NOTIFICATIONS_POLL_INTERVAL", "1h"));
    }

    @Test
    void databaseNotificationReachesStreamsOfOtherProcesses() {
        // given two processes that do not poll
        try (DarkroomInstance apiNode = startNode("apiNode", 0);
                DarkroomInstance workerNode = startNode("workerNode", 2);
                SseClient apiStream = SseClient.openNotifications(apiNode.client());
                SseClient workerStream = SseClient.openNotifications(workerNode.client())) {

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
        fleet.assertNoViolations();
    }

    @Test
    void clientOfStoppedProcessResumesAtAnotherWithoutLoss() {
        // given
        SseClient stream;
        try (DarkroomInstance first = startNode("first", 2)) {
            stream = SseClient.openNotifications(first.client());
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
        try (DarkroomInstance second = startNode("second", 2)) {
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
