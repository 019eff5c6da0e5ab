package dev.darkroom.backend.example;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.TestSettings;
import dev.darkroom.image.TestImages;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The adapter that {@code CONTRIBUTING.md} shows works, over a real socket, and the page shows all of it. */
class ExampleBackendTest {
    private static final int MAX_BYTES = 4 << 20;
    private static final ImageRequest REQUEST =
            new ImageRequest("key", "a heron", null, 96, 64, 1, 7, null, null, InputImages.NONE, 0);

    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void stop() {
        get(vertx.close());
    }

    @Test
    void returnsTheImage() {
        // given
        byte[] png = TestImages.png(96, 64);

        // when
        BackendOutcome outcome = generate(request -> request.response().end(Buffer.buffer(png)));

        // then
        assertThat(outcome)
                .isInstanceOfSatisfying(
                        BackendOutcome.Generated.class,
                        generated -> assertThat(generated.images())
                                .singleElement()
                                .satisfies(image ->
                                        assertThat(image.bytes().toBytes()).isEqualTo(png)));
    }

    @Test
    void mapsAnErrorResponse() {
        // when
        BackendOutcome outcome =
                generate(request -> request.response().setStatusCode(503).end("busy"));

        // then
        assertFailure(outcome, FailureClass.REJECTED_RETRYABLE);
    }

    @Test
    void connectionClosedAfterTheRequestHasAnUnknownOutcome() {
        // when
        BackendOutcome outcome = generate(
                request -> request.body().onSuccess(body -> request.connection().close()));

        // then
        assertFailure(outcome, FailureClass.AMBIGUOUS);
    }

    @Test
    void contributingShowsTheWholeAdapter() throws IOException {
        // given
        Path source = Path.of("src/test/java/dev/darkroom/backend/example/ExampleBackend.java");
        String added =
                Files.readAllLines(source).stream().map(line -> "+" + line).collect(Collectors.joining("\n", "", "\n"));

        // when
        String page = Files.readString(Path.of("CONTRIBUTING.md"));

        // then
        assertThat(page).contains(added);
    }

    private BackendOutcome generate(Handler<HttpServerRequest> aiServer) {
        HttpServer server =
                get(vertx.createHttpServer().requestHandler(aiServer).listen(0, "127.0.0.1"));
        BackendSettings settings = TestSettings.DEFAULTS.backends().get(0);
        ExampleBackend backend = new ExampleBackend(
                vertx,
                settings,
                URI.create("http://127.0.0.1:" + server.actualPort()),
                new ResponseMemoryBudget(Runtime.getRuntime().maxMemory(), 4, MAX_BYTES),
                65_536);
        try {
            return get(backend.generate(REQUEST, new BackendCall(Duration.ofSeconds(60))));
        } finally {
            get(backend.close());
        }
    }

    private static void assertFailure(BackendOutcome outcome, FailureClass failureClass) {
        assertThat(outcome)
                .isInstanceOfSatisfying(
                        BackendOutcome.Failed.class,
                        failed -> assertThat(failed.backendFailure().failureClass())
                                .isEqualTo(failureClass));
    }

    private static <T> T get(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(90, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
