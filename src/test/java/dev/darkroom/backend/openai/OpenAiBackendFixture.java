package dev.darkroom.backend.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFixture;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.Secret;
import dev.darkroom.config.TestSettings;
import dev.darkroom.image.TestImages;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.dns.AddressResolverOptions;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** An {@link OpenAiImagesBackend} with a scripted AI server and a scripted file server for downloads. */
abstract class OpenAiBackendFixture extends BackendFixture {
    static final String GENERATIONS = "/v1/images/generations";
    static final String KEY = "sk-very-secret-key";
    static final Duration LONG_TIMEOUT = Duration.ofSeconds(20);
    static final int MAX_BYTES = 1 << 20;
    static final byte[] PNG = TestImages.png(64, 48);

    final ResponseMemoryBudget memory =
            new ResponseMemoryBudget(Runtime.getRuntime().maxMemory(), 4, MAX_BYTES);
    Vertx vertx;
    ScriptedHttpServer server;
    ScriptedHttpServer files;
    OpenAiImagesBackend backend;

    @BeforeEach
    void start() throws Exception {
        vertx = Vertx.vertx(new VertxOptions()
                .setAddressResolverOptions(new AddressResolverOptions()
                        .setQueryTimeout(500)
                        .setMaxQueries(2)
                        .setSearchDomains(List.of())));
        server = ScriptedHttpServer.start(vertx);
        files = ScriptedHttpServer.start(vertx);
        backend = backend(server.base());
    }

    @AfterEach
    void stop() throws Exception {
        get(backend.close());
        get(vertx.close());
    }

    void assertConnectionAborted(ScriptedHttpServer scriptedServer) {
        await().atMost(60, TimeUnit.SECONDS).until(() -> scriptedServer.openConnections() == 0);
        // The server wrote at most the bytes read plus the socket buffers.
        assertThat(scriptedServer.bytesWritten()).isLessThan(MAX_BYTES + (16 << 20));
    }

    OpenAiImagesBackend backend(URI base) {
        return new OpenAiImagesBackend(vertx, settings(MAX_BYTES, MAX_BYTES / 2), base, memory, 65_536);
    }

    static BackendSettings settings(int maxResponseBytes, int maxImageBytes) {
        return settings(maxResponseBytes, maxImageBytes, List.of("127.0.0.0/8"));
    }

    static BackendSettings settings(int maxResponseBytes, int maxImageBytes, List<String> downloadNetworks) {
        return TestSettings.with(
                TestSettings.DEFAULTS.backend(),
                "apiKey",
                new Secret(KEY),
                "name",
                "test",
                "timeout",
                LONG_TIMEOUT,
                "connectTimeout",
                Duration.ofSeconds(2),
                "maxResponseBytes",
                maxResponseBytes,
                "maxImageBytes",
                maxImageBytes,
                "downloadNetworks",
                downloadNetworks);
    }

    static ImageRequest request(int count) {
        return new ImageRequest("key", "a fox", null, 64, 48, count, 7, null, null, InputImages.NONE, 0);
    }

    BackendOutcome generate(ImageRequest request) {
        return generate(request, new BackendCall(LONG_TIMEOUT));
    }

    BackendOutcome generate(ImageRequest request, BackendCall backendCall) {
        return get(backend.generate(request, backendCall));
    }
}
