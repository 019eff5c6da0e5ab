package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessFleet;
import dev.darkroom.testing.SseClient;
import dev.darkroom.testing.SseParser.Frame;
import dev.darkroom.testing.StoppablePostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checks that a stream survives the crash of the worker process and an outage of the database. */
@Tag("chaos")
@Timeout(300)
class StreamRecoveryIT {
    @TempDir
    Path directory;

    @AutoClose
    private InProcessFleet fleet;

    @BeforeEach
    void start() {
        fleet = new InProcessFleet(directory);
    }

    private DarkroomInstanceSettings settings(int workerConcurrency, String poll) {
        return fleet.settings(workerConcurrency).with("DARKROOM_NOTIFICATIONS_POLL_INTERVAL", poll);
    }

    @Test
    void deliversNotificationWithoutNotify() throws Exception {
        // given a process that dies between the commit and NOTIFY
        try (DarkroomInstance front = fleet.start("front", settings(0, "200ms"));
                SseClient stream = SseClient.openNotifications(front.client())) {
            try (DarkroomInstanceProcess killed = DarkroomInstanceProcess.start(
                    Files.createDirectory(directory.resolve("killed")),
                    settings(2, "1h").environment(),
                    "-Ddarkroom.faultInjectionPoint=AFTER_COMMIT")) {
                String id = front.client().create("A pier");
                killed.awaitLine("fault injection point reached point=AFTER_COMMIT");

                // when
                killed.kill();

                // then
                Frame notification = stream.awaitEvent("notification");
                assertThat(notification.data()).contains(id);
            }
        }
        fleet.assertNoViolations();
    }

    @Test
    void streamSurvivesDatabaseOutage() throws Exception {
        // given
        try (StoppablePostgres postgres = StoppablePostgres.start(directory.resolve("postgres"));
                DarkroomInstance process =
                        fleet.start("one", settings(2, "200ms").database(postgres.url()));
                SseClient stream = SseClient.openNotifications(process.client())) {
            process.client().awaitEnd(process.client().create("A pier"));
            stream.awaitEvent("notification");

            // when the database is down, and another client connects meanwhile
            postgres.stop(StoppablePostgres.Mode.IMMEDIATE);
            SseClient late = SseClient.open(
                    process.client().base(),
                    "/api/notifications/stream?last_event_id=" + stream.lastEventId(),
                    Map.of());
            assertThat(late.status()).isEqualTo(200);
            postgres.restart();
            Awaitility.await("a generation that is accepted")
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> process.client()
                                    .post("{\"prompt\":\"Another pier\"}")
                                    .status()
                            == 202);

            // then both get later notifications on the same connections
            for (SseClient each : List.of(stream, late)) {
                each.await(
                        "the second",
                        frames -> each.frames("notification").stream()
                                .anyMatch(frame -> new JsonObject(frame.data()).getInteger("seq") == 2));
                assertThat(each.isOpen()).isTrue();
                assertThat(each.frames("reset")).isEmpty();
            }
            late.close();
        }
    }
}
