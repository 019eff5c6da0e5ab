package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.SseClient;
import dev.darkroom.testing.SseParser.Frame;
import dev.darkroom.testing.StoppablePostgres;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
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

    private final DatabaseUrl database = TestPostgres.newDatabase();
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

    private DarkroomInstance process(String name, String concurrency, String poll) throws Exception {
        return InProcessDarkroom.start(Files.createDirectory(directory.resolve(name)), settings(concurrency, poll));
    }

    private static SseClient listen(DarkroomInstance process) {
        SseClient stream = SseClient.open(process.client().base(), "/api/notifications/stream", Map.of());
        stream.await("the first frame", frames -> !frames.isEmpty());
        return stream;
    }

    @Test
    void deliversNotificationWithoutNotify() throws Exception {
        // given a process that dies between the commit and NOTIFY
        try (DarkroomInstance front = process("front", "0", "200ms");
                SseClient stream = listen(front)) {
            try (DarkroomInstanceProcess killed = DarkroomInstanceProcess.start(
                    Files.createDirectory(directory.resolve("killed")),
                    settings("2", "1h").environment(),
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
        DatabaseInvariants.assertNoViolations(database, directory.resolve("images"));
    }

    @Test
    void streamSurvivesDatabaseOutage() throws Exception {
        // given
        try (StoppablePostgres postgres = StoppablePostgres.start(directory.resolve("postgres"));
                DarkroomInstance process = InProcessDarkroom.start(
                        Files.createDirectory(directory.resolve("one")),
                        settings("2", "200ms").database(postgres.url()));
                SseClient stream = listen(process)) {
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
