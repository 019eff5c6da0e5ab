package dev.darkroom.backend.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.image.TestImages;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An AI server cannot make Darkroom send requests to the internal network. */
class ImageDownloadEgressTest {
    private static final String GENERATIONS = "/v1/images/generations";
    private static final byte[] PNG = TestImages.png(64, 48);
    private static final int MAX_BYTES = 1 << 20;

    private Vertx vertx;
    private ScriptedHttpServer server;
    private ScriptedHttpServer internal;
    private OpenAiImagesBackend backend;

    @BeforeEach
    void start() throws Exception {
        vertx = Vertx.vertx();
        server = ScriptedHttpServer.start(vertx);
        internal = ScriptedHttpServer.start(vertx);
        internal.script("/internal.png", internal.bytes(200, Buffer.buffer(PNG)));
        backend = backend(List.of());
    }

    private OpenAiImagesBackend backend(List<String> networks) {
        BackendSettings settings = OpenAiBackendFixture.settings(MAX_BYTES, MAX_BYTES, networks);
        return new OpenAiImagesBackend(
                vertx,
                settings,
                server.base(),
                new ResponseMemoryBudget(Runtime.getRuntime().maxMemory(), 4, MAX_BYTES),
                65_536);
    }

    @AfterEach
    void stop() throws Exception {
        backend.close().await(60, TimeUnit.SECONDS);
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "localhost",
                "[::ffff:127.0.0.1]",
                "127.1",
                "0x7f000001",
                "2130706433",
                "0177.0.0.1",
                "0.0.0.0",
                "public.example@127.0.0.1",
                "127.0.0.1.",
                "10.0.0.1",
                "169.254.169.254",
                "[fd00::1]"
            })
    void rejectsUrlsOfTheInternalNetwork(String host) throws Exception {
        server.script(GENERATIONS, server.respondWithUrls("http://" + host + ":" + internal.port() + "/internal.png"));
        BackendOutcome backendOutcome = generate(backend);
        assertThat(backendOutcome).isInstanceOf(BackendOutcome.Failed.class);
        assertThat(internal.totalConnections()).isZero();
    }

    @Test
    void rejectionIsTerminalAndNamesTheSetting() throws Exception {
        server.script(GENERATIONS, server.respondWithUrls(internal.url("/internal.png?secret=1")));
        BackendFailure backendFailure = ((BackendOutcome.Failed) generate(backend)).backendFailure();
        assertThat(backendFailure.code()).isEqualTo("IMAGE_URL_NOT_ALLOWED");
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.TERMINAL_AUTH);
        assertThat(backendFailure.detail())
                .contains("backend.downloadNetworks", "http://127.0.0.1:" + internal.port())
                .doesNotContain("secret");
    }

    @Test
    void checksRedirects() throws Exception {
        server.script(GENERATIONS, server.respondWithUrls(server.url("/redirect")));
        server.script("/redirect", server.respondWith(302, "", "Location: " + internal.url("/internal.png")));
        assertThat(((BackendOutcome.Failed) generate(backend)).backendFailure().code())
                .isEqualTo("IMAGE_URL_NOT_ALLOWED");
        assertThat(internal.totalConnections()).isZero();
    }

    @Test
    void allowsTheAiServerItself() throws Exception {
        server.script(GENERATIONS, server.respondWithUrls(server.url("/redirect")));
        server.script("/redirect", server.respondWith(302, "", "Location: /own.png"));
        server.script("/own.png", server.bytes(200, Buffer.buffer(PNG)));
        assertThat(generate(backend)).isInstanceOf(BackendOutcome.Generated.class);
    }

    @Test
    void allowsConfiguredNetworks() throws Exception {
        OpenAiImagesBackend allowing = backend(List.of("127.0.0.0/8"));
        server.script(GENERATIONS, server.respondWithUrls(internal.url("/internal.png")));
        assertThat(generate(allowing)).isInstanceOf(BackendOutcome.Generated.class);
        allowing.close().await(60, TimeUnit.SECONDS);
    }

    private static BackendOutcome generate(OpenAiImagesBackend backend) throws Exception {
        ImageRequest request = new ImageRequest("key", "a fox", null, 64, 48, 1, 7, null, null, InputImages.NONE, 0);
        return backend.generate(request, new BackendCall(Duration.ofSeconds(60)))
                .await(90, TimeUnit.SECONDS);
    }
}
