package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.SseClient;
import dev.darkroom.testing.SseParser;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Progress of a job at the AI server, in the status and in the event stream. */
class JobProgressIT {
    @TempDir
    Path directory;

    @Test
    void progressIsInTheStatusAndInTheStream() {
        try (InProcessSimulator aiServer = new InProcessSimulator(Duration.ofMillis(5));
                DarkroomInstance darkroom = InProcessDarkroom.start(
                        directory,
                        DarkroomInstanceSettings.forTests()
                                .database(TestPostgres.migratedDatabase())
                                .with("DARKROOM_BACKEND_TYPE", "automatic1111")
                                .with("DARKROOM_BACKEND_URL", "http://127.0.0.1:" + aiServer.port()))) {
            // given a job of three minutes, of which the first progress suffices
            aiServer.script(new JsonObject().put("delay", "3m"));
            ApiClient client = darkroom.client();
            String id = client.create("a pier");

            // when
            Awaitility.await("progress in the status")
                    .atMost(Duration.ofSeconds(60))
                    .until(() ->
                            client
                                    .get("/api/generation/" + id)
                                    .json()
                                    .getJsonArray("attempts", new JsonArray())
                                    .stream()
                                    .map(JsonObject.class::cast)
                                    .anyMatch(attempt -> attempt.containsKey("progress")));

            // then
            JsonObject progress = client.get("/api/generation/" + id)
                    .json()
                    .getJsonArray("attempts")
                    .getJsonObject(0)
                    .getJsonObject("progress");
            assertThat(progress.getInteger("percent")).isBetween(0, 100);

            // when
            try (SseClient stream = SseClient.open(
                    darkroom.api(), "/api/generation/" + id + "/events", Map.of("Accept", "text/event-stream"))) {
                List<SseParser.Frame> frames = stream.await(
                        "progress in the stream", received -> received.stream().anyMatch(JobProgressIT::isProgress));

                // then it has the number of the attempt, and does not change the last event id
                SseParser.Frame frame = frames.stream()
                        .filter(JobProgressIT::isProgress)
                        .findFirst()
                        .orElseThrow();
                assertThat(frame.id()).isEqualTo(frames.get(0).id());
                assertThat(new JsonObject(frame.data()).getJsonObject("attempt").getInteger("number"))
                        .isEqualTo(1);
            }
            client.cancel(id);
        }
    }

    private static boolean isProgress(SseParser.Frame frame) {
        return frame.data() != null && frame.data().contains("attempt.progress");
    }
}
