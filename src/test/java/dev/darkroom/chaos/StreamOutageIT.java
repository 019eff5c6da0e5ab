package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.InProcessDarkroom;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.AiServer;
import dev.darkroom.testing.Darkroom;
import dev.darkroom.testing.DarkroomProcess;
import dev.darkroom.testing.DarkroomSettings;
import dev.darkroom.testing.EventStreamClient;
import dev.darkroom.testing.EventStreamParser.Frame;
import dev.darkroom.testing.Invariants;
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

/** A stream survives the death of the process that did the work, and an outage of the database. */
@Tag("chaos")
@Timeout(300)
class StreamOutageIT {
    @TempDir
    Path directory;

    private final DatabaseUrl database = TestPostgres.newDatabase();
    private AiServer aiServer;

    @BeforeEach
    void start() {
        aiServer = new AiServer(Duration.ofMillis(10));
    }

    @AfterEach
    void stop() {
        aiServer.close();
    }

    private DarkroomSettings settings(String concurrency, String poll) {
        return DarkroomSettings.quick()
                .database(database)
                .aiServer(aiServer)
                .with("DARKROOM_WORKER_CONCURRENCY", concurrency)
                .with("DARKROOM_NOTIFICATIONS_POLL", poll)
                .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString());
    }

    private Darkroom process(String name, String concurrency, String poll) throws Exception {
        return InProcessDarkroom.start(Files.createDirectory(directory.resolve(name)), settings(concurrency, poll));
    }

    private static EventStreamClient listen(Darkroom process) {
        EventStreamClient stream =
                EventStreamClient.open(process.client().base(), "/api/notifications/stream", Map.of());
        stream.await("the first frame", frames -> !frames.isEmpty());
        return stream;
    }

    @Test
    void whatNobodyWasToldOfIsFoundAllTheSame() throws Exception {
        // given a process that dies between the commit and the telling
        try (Darkroom front = process("front", "0", "200ms");
                EventStreamClient stream = listen(front)) {
            try (DarkroomProcess killed = DarkroomProcess.start(
                    Files.createDirectory(directory.resolve("killed")),
                    settings("2", "1h").environment(),
                    "-Ddarkroom.pauseAt=AFTER_COMMIT")) {
                String id = front.client().create("A pier");
                killed.awaitLine("paused point=AFTER_COMMIT");

                // when
                killed.kill();

                // then
                Frame told = stream.awaitEvent("notification");
                assertThat(told.data()).contains(id);
            }
        }
        Invariants.check(database, directory.resolve("images"));
    }

    @Test
    void aStreamOutlivesTheDatabase() throws Exception {
        // given
        try (StoppablePostgres postgres = StoppablePostgres.start(directory.resolve("postgres"));
                Darkroom process = InProcessDarkroom.start(
                        Files.createDirectory(directory.resolve("one")),
                        settings("2", "200ms").database(postgres.url()));
                EventStreamClient stream = listen(process)) {
            process.client().awaitEnd(process.client().create("A pier"));
            stream.awaitEvent("notification");

            // when it is away, and somebody else comes meanwhile
            postgres.stop(StoppablePostgres.Mode.IMMEDIATE);
            EventStreamClient late = EventStreamClient.open(
                    process.client().base(),
                    "/api/notifications/stream?last_event_id=" + stream.lastEventId(),
                    Map.of());
            assertThat(late.status()).isEqualTo(200);
            postgres.startAgain();
            Awaitility.await("a generation that is accepted")
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> process.client()
                                    .post("{\"prompt\":\"Another pier\"}")
                                    .status()
                            == 202);

            // then both hear of what comes afterwards, on the connections that they had
            for (EventStreamClient each : List.of(stream, late)) {
                each.await(
                        "the second",
                        frames -> each.frames("notification").stream()
                                .anyMatch(frame -> new JsonObject(frame.data()).getInteger("seq") == 2));
                assertThat(each.live()).isTrue();
                assertThat(each.frames("reset")).isEmpty();
            }
            late.close();
        }
    }
}
