package dev.darkroom.backend.comfyui;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFixture;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.JobReference;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A {@link ComfyUiBackend} with the sample workflow and a {@link ComfyUiTestServer}. */
abstract class ComfyUiBackendFixture extends BackendFixture {
    static final Path WORKFLOW = Path.of("conf/examples/comfyui-workflow.json");
    final RecordingJobListener listener = new RecordingJobListener();
    final UUID key = UUID.fromString("0190F0AA-1111-7111-8111-00000000000A");
    Vertx vertx;
    ComfyUiTestServer server;
    ComfyUiBackend backend;

    @BeforeEach
    void start() {
        vertx = Vertx.vertx();
        startServer(router -> {});
    }

    @AfterEach
    void stop() {
        ComfyUiTestServer.result(backend.close());
        ComfyUiTestServer.result(vertx.close());
    }

    /** Replaces the server and the backend. */
    void startServer(Consumer<Router> overrides) {
        server = ComfyUiTestServer.start(vertx, Duration.ofMillis(8), overrides);
        backend = backend(WORKFLOW);
    }

    /** Replaces the backend by one for a server that cannot be reached. The port of a stopped server may be used by another test. */
    void useUnreachableServer() {
        result(backend.close());
        backend = backend(WORKFLOW, URI.create("http://127.0.0.1:1"));
    }

    ComfyUiBackend backend(Path workflow) {
        return backend(workflow, server.base());
    }

    private ComfyUiBackend backend(Path workflow, URI base) {
        return new ComfyUiBackend(
                vertx, settings("workflow", workflow), base, memory(), MAX_HEADER_BYTES, null, POLL_INTERVAL);
    }

    static ImageRequest request(int count) {
        return new ImageRequest(
                "generation-1", "a secret fox", "no text", 96, 80, count, 7, null, null, InputImages.NONE, 0);
    }

    BackendCall call(Duration timeout) {
        return call(timeout, JobReference.of(key));
    }

    BackendCall call(Duration timeout, JobReference job) {
        return new BackendCall(timeout, job, listener);
    }

    BackendOutcome generate(int count) {
        return result(backend.generate(request(count), call(LONG_TIMEOUT)));
    }

    BackendOutcome lookUp(int count) {
        return result(backend.lookUp(request(count), call(LONG_TIMEOUT)));
    }

    static <T> T result(Future<T> future) {
        return ComfyUiTestServer.result(future);
    }
}
