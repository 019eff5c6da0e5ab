package dev.darkroom.backend.replicate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.SimulatorBackendFixture;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.BackendType;
import dev.darkroom.config.TestSettings;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A backend of this package with the simulator. */
abstract class PredictionFixture extends SimulatorBackendFixture {
    /** Collects the reports about a job. */
    static final class RecordingListener implements JobListener {
        final CompletableFuture<String> accepted = new CompletableFuture<>();
        final CompletableFuture<JobProgress> progress = new CompletableFuture<>();

        @Override
        public void onAccepted(String providerId) {
            assertThat(accepted.complete(providerId)).as("reported once").isTrue();
        }

        @Override
        public void onProgress(JobProgress jobProgress) {
            progress.complete(jobProgress);
        }
    }

    static final JsonObject BODY_WITH_ALL_FIELDS = new JsonObject()
            .put(
                    "input",
                    new JsonObject()
                            .put("prompt", "a fox ü")
                            .put("negative_prompt", "text")
                            .put("seed", 77)
                            .put("width", 96)
                            .put("height", 64)
                            .put("num_outputs", 2));

    /** Returns a request whose body is {@link #BODY_WITH_ALL_FIELDS}. */
    static ImageRequest requestWithAllFields(String model) {
        return new ImageRequest("key", "a fox ü", "text", 96, 64, 2, 77, model, null, InputImages.NONE, 0);
    }

    static BackendSettings settings(BackendType type, String healthCheckPath) {
        return settings(
                "type",
                type,
                "downloadNetworks",
                List.of(),
                "breaker",
                TestSettings.with(TestSettings.DEFAULTS.backend().breaker(), "healthCheckPath", healthCheckPath));
    }

    @Override
    protected ImageRequest request(int count) {
        return new ImageRequest("key", "a fox", null, 96, 64, count, 7, "acme/painter", null, InputImages.NONE, 0);
    }
}
