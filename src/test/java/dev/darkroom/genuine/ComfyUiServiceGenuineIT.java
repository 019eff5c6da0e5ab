package dev.darkroom.genuine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.e2e.AttemptJson;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A service with a running ComfyUI, and {@code kill -9} of both while a job runs. */
@Tag("genuine")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class ComfyUiServiceGenuineIT {
    private static final Duration LIMIT = Duration.ofMinutes(10);
    /** At 0.1 s each, so that a job runs long enough to be killed. */
    private static final int STEPS = 200;

    @TempDir
    private Path directory;

    private final String prompt = "genuine " + UUID.randomUUID();
    private final DatabaseUrl database = TestPostgres.migratedDatabase();
    private ComfyUiServer server;

    @BeforeEach
    void connect() throws IOException, InterruptedException {
        server = ComfyUiServer.connect();
    }

    private DarkroomInstanceProcess start() throws IOException {
        Path workflow = Files.writeString(directory.resolve("workflow.json"), ComfyUiServer.workflow(STEPS));
        return DarkroomInstanceProcess.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .smallProcess()
                        .database(database)
                        .with("DARKROOM_BACKEND_TYPE", "comfyui")
                        .with("DARKROOM_BACKEND_URL", server.url().toString())
                        .with("DARKROOM_BACKEND_WORKFLOW", workflow.toString())
                        .with("DARKROOM_BACKEND_TIMEOUT", "20m")
                        .environment());
    }

    private String create(ApiClient client) {
        return client.create(
                        new JsonObject().put("prompt", prompt).put("width", 64).put("height", 64))
                .getString("id");
    }

    /** Waits until the job has taken some of its steps, and returns the percentage. */
    private static int awaitProgress(ApiClient client, String id) {
        return await().atMost(LIMIT)
                .until(
                        () -> client.generation(id).getJsonArray("attempts", new JsonArray()).stream()
                                .map(attempt -> ((JsonObject) attempt).getJsonObject("progress", new JsonObject()))
                                .mapToInt(progress -> progress.getInteger("percent", 0))
                                .max()
                                .orElse(0),
                        percent -> percent > 0);
    }

    private static String outcomes(JsonObject generation) {
        return String.join(
                ", ",
                AttemptJson.attemptsOf(generation).stream()
                        .map(AttemptJson::summary)
                        .toList());
    }

    @Test
    void showsTheProgressOfAJobAndItsImage() throws Exception {
        try (DarkroomInstanceProcess darkroom = start()) {
            // when
            String id = create(darkroom.client());

            // then
            assertThat(awaitProgress(darkroom.client(), id)).isBetween(1, 100);
            JsonObject ended = darkroom.client().awaitEnd(id, LIMIT);
            assertThat(ended.getString("status")).isEqualTo("COMPLETE");
            assertThat(ended.getJsonArray("images").getJsonObject(0).getInteger("width"))
                    .isEqualTo(64);
            assertThat(server.countJobs(prompt)).isEqualTo(1);
        }
    }

    @Test
    void cancellationStopsTheJob() throws Exception {
        try (DarkroomInstanceProcess darkroom = start()) {
            // given
            String id = create(darkroom.client());
            awaitProgress(darkroom.client(), id);

            // when
            darkroom.client().cancel(id);

            // then
            assertThat(darkroom.client()
                            .awaitEnd(id, LIMIT)
                            .getJsonObject("error")
                            .getString("code"))
                    .isEqualTo("CANCELLED");
            await().atMost(LIMIT).until(() -> server.countQueued() == 0);
        }
    }

    @Test
    void refusalByANodeIsNotRetried() throws Exception {
        try (DarkroomInstanceProcess darkroom = start()) {
            String id = darkroom.client()
                    .create(new JsonObject().put("prompt", "fail: the prompt is a content_policy_violation"))
                    .getString("id");
            assertThat(outcomes(darkroom.client().awaitEnd(id, LIMIT)))
                    .isEqualTo("PERMANENT MODERATED MODERATED counted");
        }
    }

    @Test
    void restartedServiceFindsTheJobOfAKilledOne() throws Exception {
        // given
        String id;
        try (DarkroomInstanceProcess killed = start()) {
            id = create(killed.client());
            awaitProgress(killed.client(), id);

            // when
            killed.kill();
        }
        // Expires the lease of the killed process at once instead of after 15 s.
        TestPostgres.execute(database, "UPDATE nodes SET expires_at = now() - interval '1 second'");

        // then
        try (DarkroomInstanceProcess restarted = start()) {
            JsonObject ended = restarted.client().awaitEnd(id, LIMIT);
            assertThat(ended.getString("status")).isEqualTo("COMPLETE");
            assertThat(AttemptJson.attemptsOf(ended))
                    .extracting(attempt -> attempt.getString("outcome"))
                    .containsExactly("LOST", "SUCCEEDED");
            assertThat(server.countJobs(prompt)).as("submissions").isEqualTo(1);
        }
    }

    @Test
    void jobOfAKilledComfyUiIsSubmittedAgain() throws Exception {
        try (DarkroomInstanceProcess darkroom = start()) {
            // given
            String id = create(darkroom.client());
            awaitProgress(darkroom.client(), id);

            // when
            server.kill().restart();

            // then
            JsonObject ended = darkroom.client().awaitEnd(id, LIMIT);
            assertThat(ended.getString("status")).isEqualTo("COMPLETE");
            assertThat(outcomes(ended)).isEqualTo("RETRYABLE RESULT_LOST JOB_LOST counted, SUCCEEDED");
            assertThat(server.countJobs(prompt)).as("jobs since the restart").isEqualTo(1);
        }
    }
}
