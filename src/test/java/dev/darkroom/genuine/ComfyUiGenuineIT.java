package dev.darkroom.genuine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.comfyui.ComfyUiBackend;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.TestSettings;
import dev.darkroom.image.Image;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The adapter with a running ComfyUI. Its URL is in the system property {@code comfyui.url}. Fails without one. The workflow needs no
 * weights and no GPU.
 */
@Tag("genuine")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ComfyUiGenuineIT {
    private static final String PROPERTY = "comfyui.url";
    private static final Duration TIMEOUT = Duration.ofMinutes(2);
    private static final int MAX_BYTES = 16 << 20;
    private static final String WORKFLOW = """
            {"1": {"class_type": "EmptyImage", "inputs": {"width": "%width%", "height": "%height%", "batch_size": "%count%", "color": 255}},
             "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "darkroom/%job%-%prompt%"}}}""";

    private final JobReference job = JobReference.of(UUID.randomUUID());

    @TempDir
    private Path directory;

    private Vertx vertx;
    private ComfyUiBackend backend;

    @BeforeEach
    void start() throws IOException {
        assertThat(System.getProperty(PROPERTY))
                .as("-D" + PROPERTY + "=http://host:8188 of a running ComfyUI")
                .isNotBlank();
        vertx = Vertx.vertx();
        backend = backend(WORKFLOW);
    }

    @AfterEach
    void stop() {
        if (vertx != null) {
            get(backend.close());
            get(vertx.close());
        }
    }

    private ComfyUiBackend backend(String workflow) throws IOException {
        Path file = Files.writeString(directory.resolve("workflow.json"), workflow);
        return new ComfyUiBackend(
                vertx,
                TestSettings.with(
                        TestSettings.DEFAULTS.backend(),
                        "maxResponseBytes",
                        MAX_BYTES,
                        "maxImageBytes",
                        MAX_BYTES / 2,
                        "workflow",
                        file),
                URI.create(System.getProperty(PROPERTY)),
                new ResponseMemoryBudget(Runtime.getRuntime().maxMemory(), 4, MAX_BYTES),
                65_536,
                null);
    }

    @Test
    void returnsImagesWithoutTheirWorkflow() {
        // when
        List<Image> images = generated(generate(request(64, 2)));

        // then
        assertThat(images).hasSize(2).allSatisfy(image -> {
            assertThat(image.width()).isEqualTo(64);
            assertThat(new String(image.bytes().toBytes(), StandardCharsets.ISO_8859_1))
                    .doesNotContain("EmptyImage", "secretfox");
        });
    }

    @Test
    void findsAnEndedJob() {
        generated(generate(request(64, 1)));
        assertThat(generated(lookUp())).hasSize(1);
    }

    @Test
    void findsNoUnknownJob() {
        assertThat(lookUp()).isEqualTo(new BackendOutcome.JobNotFound());
    }

    @Test
    void cancellationOfAnUnknownJobHasNoEffect() {
        get(backend.cancel(job));
        assertThat(generated(generate(request(64, 1)))).hasSize(1);
    }

    @Test
    void rejectsAValueThatTheServerDoesNotAccept() {
        // when
        BackendFailure backendFailure = failed(generate(request(20_000, 1)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.TERMINAL_INPUT);
        assertThat(backendFailure.code()).isEqualTo("WORKFLOW_REJECTED");
        assertThat(backendFailure.detail()).contains("node \"1\" (EmptyImage), input \"width\": value_bigger_than_max");
    }

    @Test
    void namesTheInputThatTheServerDoesNotHave() throws IOException {
        // given
        backend = backend(WORKFLOW.replace("\"color\"", "\"colour\""));

        // when
        BackendFailure backendFailure = failed(generate(request(64, 1)));

        // then
        assertThat(backendFailure.code()).isEqualTo("WORKFLOW_MISMATCH");
        assertThat(backendFailure.detail()).contains("node \"1\" (EmptyImage), input \"colour\"");
    }

    private static ImageRequest request(int width, int count) {
        return new ImageRequest("genuine", "secretfox", null, width, 64, count, 7, null);
    }

    private BackendOutcome generate(ImageRequest request) {
        return get(backend.generate(request, new BackendCall(TIMEOUT, job, JobListener.NONE)));
    }

    private BackendOutcome lookUp() {
        return get(backend.lookUp(request(64, 1), new BackendCall(TIMEOUT, job, JobListener.NONE)));
    }

    private static List<Image> generated(BackendOutcome outcome) {
        assertThat(outcome).isInstanceOf(BackendOutcome.Generated.class);
        return ((BackendOutcome.Generated) outcome).images();
    }

    private static BackendFailure failed(BackendOutcome outcome) {
        assertThat(outcome).isInstanceOf(BackendOutcome.Failed.class);
        return ((BackendOutcome.Failed) outcome).backendFailure();
    }

    private static <T> T get(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(3, TimeUnit.MINUTES);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
