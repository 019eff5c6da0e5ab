package dev.darkroom.backend.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.Secret;
import dev.darkroom.config.Settings;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageFormat;
import dev.darkroom.image.TestImages;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.dns.AddressResolverOptions;
import io.vertx.core.json.JsonObject;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class OpenAiImagesBackendTest {
    private static final String GENERATIONS = "/v1/images/generations";
    private static final String KEY = "sk-very-secret-key";
    private static final Duration LONG_TIMEOUT = Duration.ofSeconds(20);
    private static final int MAX_BYTES = 1 << 20;
    private static final byte[] PNG = TestImages.png(64, 48);

    private final ResponseMemoryBudget memory =
            new ResponseMemoryBudget(Runtime.getRuntime().maxMemory(), 4, MAX_BYTES);
    private Vertx vertx;
    private ScriptedHttpServer server;
    private ScriptedHttpServer files;
    private OpenAiImagesBackend backend;

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

    @Test
    void returnsInspectedBase64ImagesInOrder() {
        // given
        server.script(GENERATIONS, server.respondWithImages(PNG, TestImages.jpeg(32, 16)));

        // when
        List<Image> images = generated(generate(request(2)));

        // then
        assertThat(images).extracting(Image::format).containsExactly(ImageFormat.PNG, ImageFormat.JPEG);
        assertThat(images.get(0).bytes().toBytes()).isEqualTo(PNG);
        assertThat(images.get(0).width()).isEqualTo(64);
    }

    @Test
    void sendsAllFieldsOfTheRequest() {
        // given
        server.script(GENERATIONS, server.respondWithImages(PNG));

        // when
        generated(generate(new ImageRequest("key-1", "a fox ü 🦊", "no text", 512, 384, 1, 77, "flux")));

        // then
        ScriptedHttpServer.ReceivedRequest received =
                server.requests(GENERATIONS).get(0);
        assertThat(received.json())
                .isEqualTo(new JsonObject()
                        .put("model", "flux")
                        .put("prompt", "a fox ü 🦊")
                        .put("negative_prompt", "no text")
                        .put("n", 1)
                        .put("size", "512x384")
                        .put("seed", 77)
                        .put("response_format", "b64_json"));
        assertThat(received.headers())
                .containsEntry("authorization", "Bearer " + KEY)
                .containsEntry("idempotency-key", "key-1")
                .containsEntry("accept", "application/json")
                .containsEntry("content-type", "application/json")
                .containsEntry("accept-encoding", "identity")
                .containsEntry("connection", "close");
    }

    @Test
    void sendsOnlyKnownFieldsToModelsOfOpenAi() {
        assertThat(OpenAiRequestFactory.createBody(
                                new ImageRequest("k", "p", null, 8, 8, 1, 1, "gpt-image-1"),
                                Settings.PromptSanitizing.PASS,
                                OpenAiRequestFactory.optionalFields("gpt-image-1"))
                        .fieldNames())
                .containsExactlyInAnyOrder("model", "prompt", "n", "size");
        assertThat(OpenAiRequestFactory.createBody(
                                new ImageRequest("k", "p", null, 8, 8, 1, 1, "dall-e-3"),
                                Settings.PromptSanitizing.PASS,
                                OpenAiRequestFactory.optionalFields("dall-e-3"))
                        .fieldNames())
                .containsExactlyInAnyOrder("model", "prompt", "n", "size", "response_format");
        assertThat(OpenAiRequestFactory.createBody(
                                new ImageRequest("k", "p", null, 8, 8, 1, 1, null),
                                Settings.PromptSanitizing.PASS,
                                OpenAiRequestFactory.optionalFields(null))
                        .fieldNames())
                .containsExactlyInAnyOrder("prompt", "n", "size", "seed", "response_format");
    }

    @Test
    void downloadsImagesWithoutTheApiKey() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png?sig=1"), files.url("/b.png")));
        files.script("/a.png?sig=1", files.bytes(200, Buffer.buffer(PNG)));
        files.script("/b.png", files.bytes(200, Buffer.buffer(TestImages.png(8, 8))));

        // when
        List<Image> images = generated(generate(request(2)));

        // then
        assertThat(images).extracting(Image::width).containsExactly(64, 8);
        assertThat(files.requests("/a.png?sig=1").get(0).headers()).doesNotContainKey("authorization");
        assertThat(files.requests("/a.png?sig=1").get(0).headers().toString()).doesNotContain(KEY);
    }

    @Test
    void followsRedirectsOfADownload() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.respondWith(302, "", "Location: /elsewhere/b.png"));
        files.script("/elsewhere/b.png", files.respondWith(307, "", "Location: " + files.url("/c.png")));
        files.script("/c.png", files.bytes(200, Buffer.buffer(PNG)));

        // then
        assertThat(generated(generate(request(1)))).hasSize(1);
    }

    @Test
    void stopsARedirectLoopOfADownload() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.respondWith(302, "", "Location: /a.png"));

        // when
        BackendFailure backendFailure = failed(generate(request(1)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.RESULT_FETCH);
        assertThat(backendFailure.code()).isEqualTo("TOO_MANY_REDIRECTS");
        assertThat(files.requests("/a.png")).hasSize(4);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "file:///etc/passwd",
                "ftp://127.0.0.1/x",
                "gopher://127.0.0.1/x",
                "jar:http://127.0.0.1/x!/",
                "/relative.png",
                "//no.scheme/x.png",
                "http://",
                "ht tp://x"
            })
    void rejectsInvalidImageUrls(String url) {
        // given
        server.script(GENERATIONS, server.respondWithUrls(url));

        // when
        BackendFailure backendFailure = failed(generate(request(1)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.EMPTY_SUCCESS);
        assertThat(backendFailure.code()).isEqualTo("INVALID_URL");
    }

    @Test
    void rejectsRedirectToAFileUrl() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.respondWith(302, "", "Location: file:///etc/passwd"));

        // then
        assertThat(failed(generate(request(1))).code()).isEqualTo("INVALID_URL");
    }

    @Test
    void retriesAFailedDownloadWithoutASecondSubmission() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script(
                "/a.png", files.respondWith(503, ""), files.dropConnection(), files.bytes(200, Buffer.buffer(PNG)));

        // when
        List<Image> images = generated(generate(request(1)));

        // then
        assertThat(images).hasSize(1);
        assertThat(files.requests("/a.png")).hasSize(3);
        assertThat(server.requests(GENERATIONS)).hasSize(1);
    }

    @Test
    void failsAfterTheLastDownloadAttempt() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.respondWith(500, ""));

        // when
        BackendFailure backendFailure = failed(generate(request(1)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.RESULT_FETCH);
        assertThat(backendFailure.httpStatus()).isEqualTo(500);
        assertThat(files.requests("/a.png")).hasSize(3);
    }

    @Test
    void unresponsiveDownloadFailsBeforeTheDeadline() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.sendNothing());

        // when
        BackendFailure backendFailure = failed(generate(request(1), new BackendCall(Duration.ofSeconds(2))));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.RESULT_FETCH);
        assertThat(files.requests("/a.png")).hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {403, 404, 410})
    void clientErrorOfADownloadIsALostResult(int status) {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.respondWith(status, ""));

        // when
        BackendFailure backendFailure = failed(generate(request(1)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.BACKEND_LOST);
        assertThat(files.requests("/a.png")).hasSize(1);
    }

    @Test
    void abortsTheDownloadOfAnOversizedImage() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.sendEndlessBody());

        // when
        BackendFailure backendFailure = failed(generate(request(1)));

        // then
        assertThat(backendFailure.code()).isEqualTo("RESPONSE_TOO_LARGE");
        assertConnectionAborted(files);
    }

    @Test
    void abortsAnOversizedResponse() {
        // given
        server.script(GENERATIONS, server.sendEndlessBody());

        // when
        BackendFailure backendFailure = failed(generate(request(1)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.EMPTY_SUCCESS);
        assertThat(backendFailure.code()).isEqualTo("RESPONSE_TOO_LARGE");
        assertConnectionAborted(server);
    }

    @Test
    void rejectsAnOversizedContentLength() {
        // given
        server.script(GENERATIONS, server.sendRaw("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"));

        // then
        assertThat(failed(generate(request(1))).code()).isEqualTo("RESPONSE_TOO_LARGE");
    }

    @Test
    void mapsAHugeErrorByItsStatus() {
        // given
        server.script(GENERATIONS, server.respondWith(503, "x".repeat(5 << 20), "Retry-After: 7"));

        // when
        BackendFailure backendFailure = failed(generate(request(1)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.REJECTED_RETRYABLE);
        assertThat(backendFailure.retryAfter()).isEqualTo(Duration.ofSeconds(7));
        assertThat(backendFailure.detail()).hasSizeLessThanOrEqualTo(300);
    }

    @ParameterizedTest
    @MethodSource("invalidSuccesses")
    void invalidSuccessIsAFailure(int status, String body, String expectedCode) {
        // given
        server.script(GENERATIONS, server.respondWith(status, body));

        // when
        BackendFailure backendFailure = failed(generate(request(2)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.EMPTY_SUCCESS);
        assertThat(backendFailure.code()).isEqualTo(expectedCode);
    }

    static Stream<Arguments> invalidSuccesses() {
        byte[] truncated = Arrays.copyOf(PNG, PNG.length - 20);
        byte[] huge = new byte[700_000];
        return Stream.of(
                Arguments.of(200, "", "EMPTY_RESPONSE"),
                Arguments.of(200, "{\"data\":[]}", "EMPTY_RESPONSE"),
                Arguments.of(200, "<html>Welcome</html>", "MALFORMED_RESPONSE"),
                Arguments.of(200, ScriptedHttpServer.base64(PNG), "TOO_FEW_PICTURES"),
                Arguments.of(
                        200,
                        ScriptedHttpServer.base64(PNG, "GIF89a".getBytes(StandardCharsets.US_ASCII)),
                        "NOT_A_PICTURE"),
                Arguments.of(200, ScriptedHttpServer.base64(PNG, new byte[0]), "TOO_FEW_PICTURES"),
                Arguments.of(200, ScriptedHttpServer.base64(PNG, truncated), "NOT_A_PICTURE"),
                Arguments.of(200, ScriptedHttpServer.base64(PNG, huge), "RESPONSE_TOO_LARGE"));
    }

    @Test
    void noContentIsAnEmptyResponse() {
        server.script(GENERATIONS, server.sendRaw("HTTP/1.1 204 No Content\r\n\r\n"));
        assertThat(failed(generate(request(1))).code()).isEqualTo("EMPTY_RESPONSE");
    }

    @Test
    void errorInASuccessIsAServerError() {
        server.script(GENERATIONS, server.respondWith(200, "{\"error\":{\"message\":\"CUDA out of memory\"}}"));
        BackendFailure backendFailure = failed(generate(request(1)));
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.SERVER_ERROR);
        assertThat(backendFailure.detail()).isEqualTo("CUDA out of memory");
    }

    @Test
    void ignoresAdditionalImages() {
        server.script(GENERATIONS, server.respondWithImages(PNG, PNG, "junk".getBytes(StandardCharsets.US_ASCII)));
        assertThat(generated(generate(request(2)))).hasSize(2);
    }

    @Test
    void doesNotFollowRedirectsOfTheSubmission() {
        // given
        server.script(GENERATIONS, server.respondWith(307, "", "Location: " + files.url("/redirected")));

        // then
        assertThat(failed(generate(request(1))).code()).isEqualTo("UNEXPECTED_REDIRECT");
        assertThat(files.requests("/redirected")).isEmpty();
    }

    @Test
    void redactsTheApiKeyInTheDetail() {
        server.script(GENERATIONS, server.respondWith(401, "{\"error\":{\"message\":\"Incorrect key " + KEY + "\"}}"));
        assertThat(failed(generate(request(1))).toString()).doesNotContain(KEY).contains("Incorrect key <redacted>");
    }

    @Test
    void connectionLossAfterTheRequestIsAmbiguous() {
        server.script(GENERATIONS, server.dropConnection());
        assertFailed(generate(request(1)), FailureClass.AMBIGUOUS, "CONNECTION_LOST");
    }

    @Test
    void connectionLossInsideTheBodyIsAmbiguous() {
        server.script(GENERATIONS, server.sendRaw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":["));
        assertFailed(generate(request(1)), FailureClass.AMBIGUOUS, "CONNECTION_LOST");
    }

    @Test
    void invalidHttpIsAmbiguous() {
        server.script(GENERATIONS, server.sendRaw("\u0001\u0002 what is this\r\n\r\n"));
        assertFailed(generate(request(1)), FailureClass.AMBIGUOUS, "INVALID_HTTP");
    }

    @Test
    void refusedConnectionIsNotSent() throws Exception {
        // given
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }

        // then
        assertUnsent("http://127.0.0.1:" + port + "/v1", "CONNECTION_REFUSED");
    }

    @Test
    void unknownHostIsNotSent() throws Exception {
        assertUnsent("http://no-such-host.invalid/v1", "UNKNOWN_HOST");
    }

    @Test
    void failedTlsHandshakeIsNotSent() throws Exception {
        // given
        var plain = get(vertx.createNetServer()
                .connectHandler(
                        socket -> socket.handler(hello -> socket.end(Buffer.buffer("HTTP/1.1 400 Bad\r\n\r\n"))))
                .listen(0, "127.0.0.1"));

        // then
        assertUnsent("https://127.0.0.1:" + plain.actualPort() + "/v1", "TLS_FAILED");
    }

    @Test
    void tlsHandshakeTimeoutIsNotSent() throws Exception {
        // given a server without responses
        OpenAiImagesBackend tls = backend(URI.create("https://127.0.0.1:" + server.port() + "/v1"));

        // when
        BackendOutcome backendOutcome = get(tls.generate(request(1), new BackendCall(LONG_TIMEOUT)));

        // then
        assertFailed(backendOutcome, FailureClass.NOT_SENT, "CONNECT_TIMEOUT");
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
        get(tls.close());
    }

    @Test
    void deadlineClosesASocketDuringTheTlsHandshake() throws Exception {
        // given a server without responses, and a timeout below the handshake timeout
        OpenAiImagesBackend tls = backend(URI.create("https://127.0.0.1:" + server.port() + "/v1"));
        long start = System.nanoTime();

        // when
        BackendOutcome backendOutcome = get(tls.generate(request(1), new BackendCall(Duration.ofMillis(1500))));

        // then the request was not sent
        assertFailed(backendOutcome, FailureClass.NOT_SENT, "CONNECT_TIMEOUT");
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
        assertThat(Duration.ofNanos(server.lastClosedAt() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(1499));
        get(tls.close());
    }

    @Test
    void deadlineClosesADownloadDuringTheTlsHandshake() throws Exception {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png").replace("http:", "https:")));

        // when each of the three attempts gets a quarter of the time
        BackendFailure backendFailure = failed(generate(request(1), new BackendCall(Duration.ofSeconds(3))));

        // then
        assertThat(backendFailure.code()).isEqualTo("DOWNLOAD_FAILED");
        assertThat(files.totalConnections()).isEqualTo(3);
        await().atMost(60, TimeUnit.SECONDS).until(() -> files.openConnections() == 0);
    }

    @Test
    void abortWhileConnectingSendsNothing() throws Exception {
        // given
        OpenAiImagesBackend tls = backend(URI.create("https://127.0.0.1:" + server.port() + "/v1"));
        BackendCall backendCall = new BackendCall(LONG_TIMEOUT);
        Future<BackendOutcome> running = tls.generate(request(1), backendCall);
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 1);

        // when
        backendCall.abort();

        // then
        assertThat(running.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS))
                .isInstanceOf(BackendOutcome.Aborted.class);
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
        assertThat(server.requests(GENERATIONS)).isEmpty();
        get(tls.close());
    }

    @Test
    void deadlineClosesASocketWithoutResponseHead() {
        server.script(GENERATIONS, server.sendNothing());
        assertClosedAtDeadline(server);
    }

    @Test
    void deadlineClosesASocketWithASlowBody() {
        server.script(GENERATIONS, server.sendSlowBody());
        assertClosedAtDeadline(server);
    }

    @Test
    void retriesASlowDownloadWithinTheTimeout() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.sendSlowBody());

        // when
        BackendFailure backendFailure = failed(generate(request(1), new BackendCall(Duration.ofSeconds(2))));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.RESULT_FETCH);
        assertThat(files.requests("/a.png")).hasSize(3);
        await().atMost(60, TimeUnit.SECONDS).until(() -> files.openConnections() == 0);
    }

    @Test
    void abortClosesASlowDownload() throws Exception {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.sendSlowBody());
        BackendCall backendCall = new BackendCall(LONG_TIMEOUT);
        Future<BackendOutcome> running = backend.generate(request(1), backendCall);
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> files.requests("/a.png").size() == 1);

        // when
        backendCall.abort();

        // then
        assertThat(get(running)).isInstanceOf(BackendOutcome.Aborted.class);
        await().atMost(60, TimeUnit.SECONDS).until(() -> files.openConnections() == 0);
    }

    @Test
    void eachCallUsesItsOwnConnection() {
        // given a server with keep-alive
        server.script(GENERATIONS, server.respondKeptAlive(ScriptedHttpServer.base64(PNG)));

        // when
        for (int i = 0; i < 5; i++) {
            generated(generate(request(1)));
        }

        // then
        assertThat(server.requests(GENERATIONS)).hasSize(5);
        assertThat(server.totalConnections()).isEqualTo(5);
        await().atMost(30, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
    }

    private void assertClosedAtDeadline(ScriptedHttpServer scriptedServer) {
        // when
        long start = System.nanoTime();
        BackendFailure backendFailure = failed(generate(request(1), new BackendCall(Duration.ofMillis(1500))));
        long end = System.nanoTime();

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(backendFailure.timedOut()).isTrue();
        // Timers use whole milliseconds of another clock, so they may fire up to 1 ms early.
        assertThat(Duration.ofNanos(end - start).plusMillis(1)).isGreaterThanOrEqualTo(Duration.ofMillis(1500));
        await().atMost(60, TimeUnit.SECONDS).until(() -> scriptedServer.openConnections() == 0);
    }

    @Test
    void abortClosesASocketWithoutResponseHead() throws Exception {
        // given
        server.script(GENERATIONS, server.sendNothing());
        assertClosedByAbort();
    }

    @Test
    void abortClosesASocketWithASlowBody() throws Exception {
        // given
        server.script(GENERATIONS, server.sendSlowBody());
        assertClosedByAbort();
    }

    private void assertClosedByAbort() throws Exception {
        BackendCall backendCall = new BackendCall(LONG_TIMEOUT);
        Future<BackendOutcome> running = backend.generate(request(1), backendCall);
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> server.requests(GENERATIONS).size() == 1);

        // when
        backendCall.abort();

        // then
        assertThat(get(running)).isInstanceOf(BackendOutcome.Aborted.class);
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
    }

    @Test
    void callAbortedBeforeItsStartSendsNothing() throws Exception {
        // given
        server.script(GENERATIONS, server.respondWithImages(PNG));
        BackendCall backendCall = new BackendCall(LONG_TIMEOUT);
        backendCall.abort();

        // then
        assertThat(get(backend.generate(request(1), backendCall))).isInstanceOf(BackendOutcome.Aborted.class);
        assertThat(server.requests(GENERATIONS)).isEmpty();
    }

    @Test
    void closeAbortsActiveCalls() throws Exception {
        // given
        server.script(GENERATIONS, server.sendNothing());
        Future<BackendOutcome> running = backend.generate(request(1), new BackendCall(LONG_TIMEOUT));
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> server.requests(GENERATIONS).size() == 1);

        // when
        get(backend.close());

        // then
        assertThat(get(running)).isInstanceOf(BackendOutcome.Aborted.class);
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
    }

    private void assertConnectionAborted(ScriptedHttpServer scriptedServer) {
        await().atMost(60, TimeUnit.SECONDS).until(() -> scriptedServer.openConnections() == 0);
        // The server wrote at most the bytes read plus the socket buffers.
        assertThat(scriptedServer.bytesWritten()).isLessThan(MAX_BYTES + (16 << 20));
    }

    private void assertUnsent(String base, String expectedCode) throws Exception {
        OpenAiImagesBackend unreachable = backend(URI.create(base));
        try {
            assertFailed(
                    get(unreachable.generate(request(1), new BackendCall(LONG_TIMEOUT))),
                    FailureClass.NOT_SENT,
                    expectedCode);
        } finally {
            get(unreachable.close());
        }
    }

    private static void assertFailed(BackendOutcome backendOutcome, FailureClass expectedClass, String expectedCode) {
        BackendFailure backendFailure = failed(backendOutcome);
        assertThat(backendFailure.code()).as(backendFailure.toString()).isEqualTo(expectedCode);
        assertThat(backendFailure.failureClass()).isEqualTo(expectedClass);
    }

    private OpenAiImagesBackend backend(URI base) {
        return new OpenAiImagesBackend(vertx, settings(MAX_BYTES, MAX_BYTES / 2), base, memory, 65_536);
    }

    static Settings.Backend settings(int maxResponseBytes, int maxPictureBytes) {
        return settings(maxResponseBytes, maxPictureBytes, List.of("127.0.0.0/8"));
    }

    static Settings.Backend settings(int maxResponseBytes, int maxPictureBytes, List<String> downloadNetworks) {
        return new Settings.Backend(
                null,
                new Secret(KEY),
                null,
                "test",
                LONG_TIMEOUT,
                Duration.ofSeconds(2),
                maxResponseBytes,
                maxPictureBytes,
                3,
                3,
                downloadNetworks,
                null,
                Settings.PromptSanitizing.REPLACE,
                new Settings.Breaker(
                        Duration.ofSeconds(60),
                        10,
                        50,
                        5,
                        Duration.ofSeconds(90),
                        90,
                        Duration.ofSeconds(10),
                        Duration.ofMinutes(5),
                        3,
                        "/models"));
    }

    private static ImageRequest request(int count) {
        return new ImageRequest("key", "a fox", null, 64, 48, count, 7, null);
    }

    private BackendOutcome generate(ImageRequest request) {
        return generate(request, new BackendCall(LONG_TIMEOUT));
    }

    private BackendOutcome generate(ImageRequest request, BackendCall backendCall) {
        try {
            return get(backend.generate(request, backendCall));
        } catch (Exception e) {
            throw new AssertionError("a backend never fails its future", e);
        }
    }

    private static List<Image> generated(BackendOutcome backendOutcome) {
        assertThat(backendOutcome).isInstanceOf(BackendOutcome.Generated.class);
        return ((BackendOutcome.Generated) backendOutcome).images();
    }

    private static BackendFailure failed(BackendOutcome backendOutcome) {
        assertThat(backendOutcome).isInstanceOf(BackendOutcome.Failed.class);
        return ((BackendOutcome.Failed) backendOutcome).backendFailure();
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
}
