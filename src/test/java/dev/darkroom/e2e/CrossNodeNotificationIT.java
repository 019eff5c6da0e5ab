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

/** Users listen to one process, and their generations end in another. */
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
                .with("DARKROOM_NOTIFICATIONS_POLL", poll)
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
    void aHintBringsItFromOneProcessToTheOther() throws Exception {
        // given two processes that look for nothing by themselves
        try (DarkroomInstance front = process("front", "0", "1h");
                DarkroomInstance back = process("back", "2", "1h");
                SseClient here = listen(front);
                SseClient there = listen(back)) {

            // when
            String id = front.client().create("A pier");

            // then
            for (SseClient stream : List.of(here, there)) {
                JsonObject told =
                        new JsonObject(stream.awaitEvent("notification").data());
                assertThat(told.getJsonObject("data").getString("generationId")).isEqualTo(id);
            }
            assertThat(here.lastEventId()).isEqualTo(there.lastEventId());
        }
        DatabaseInvariants.assertNoViolations(database, directory.resolve("images"));
    }

    @Test
    void whoseProcessStopsIsSentToAnotherAndMissesNothing() throws Exception {
        // given
        SseClient stream;
        try (DarkroomInstance first = process("first", "2", "1h")) {
            stream = listen(first);
            first.client().awaitEnd(first.client().create("A pier"));
            stream.awaitEvent("notification");
        }

        // then
        stream.awaitEnd();
        JsonObject bye = new JsonObject(stream.awaitEvent("bye").data());
        assertThat(bye.getString("reason")).isEqualTo("DEPLOY");
        assertThat(bye.getInteger("retryMs")).isBetween(1_000, 15_000);
        assertThat(stream.retryMs()).isEqualTo(bye.getInteger("retryMs"));

        // when
        try (DarkroomInstance second = process("second", "2", "1h")) {
            second.client().awaitEnd(second.client().create("Another pier"));
            SseClient again = SseClient.open(
                    second.client().base(),
                    "/api/notifications/stream?last_event_id=" + stream.lastEventId(),
                    Map.of());

            // then
            JsonObject told = new JsonObject(again.awaitEvent("notification").data());
            assertThat(told.getInteger("seq")).isEqualTo(2);
            again.close();
        }
        stream.close();
    }
}
