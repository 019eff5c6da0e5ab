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
    private static final Duration PLENTY = Duration.ofSeconds(20);
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
    void base64PicturesArriveCheckedAndInOrder() {
        // given
        server.script(GENERATIONS, server.respondWithImages(PNG, TestImages.jpeg(32, 16)));

        // when
        List<Image> pictures = generated(generate(request(2)));

        // then
        assertThat(pictures).extracting(Image::format).containsExactly(ImageFormat.PNG, ImageFormat.JPEG);
        assertThat(pictures.get(0).bytes().toBytes()).isEqualTo(PNG);
        assertThat(pictures.get(0).width()).isEqualTo(64);
    }

    @Test
    void requestSaysEverythingThatWasAskedFor() {
        // given
        server.script(GENERATIONS, server.respondWithImages(PNG));

        // when
        generated(generate(new ImageRequest("key-1", "a fox ü 🦊", "no text", 512, 384, 1, 77, "flux")));

        // then
        ScriptedHttpServer.Seen seen = server.requests(GENERATIONS).get(0);
        assertThat(seen.json())
                .isEqualTo(new JsonObject()
                        .put("model", "flux")
                        .put("prompt", "a fox ü 🦊")
                        .put("negative_prompt", "no text")
                        .put("n", 1)
                        .put("size", "512x384")
                        .put("seed", 77)
                        .put("response_format", "b64_json"));
        assertThat(seen.headers())
                .containsEntry("authorization", "Bearer " + KEY)
                .containsEntry("idempotency-key", "key-1")
                .containsEntry("accept", "application/json")
                .containsEntry("content-type", "application/json")
                .containsEntry("accept-encoding", "identity")
                .containsEntry("connection", "close");
    }

    @Test
    void openAisOwnModelsGetOnlyFieldsTheyKnow() {
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
    void picturesByUrlAreDownloadedWithoutOurKey() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png?sig=1"), files.url("/b.png")));
        files.script("/a.png?sig=1", files.bytes(200, Buffer.buffer(PNG)));
        files.script("/b.png", files.bytes(200, Buffer.buffer(TestImages.png(8, 8))));

        // when
        List<Image> pictures = generated(generate(request(2)));

        // then
        assertThat(pictures).extracting(Image::width).containsExactly(64, 8);
        assertThat(files.requests("/a.png?sig=1").get(0).headers()).doesNotContainKey("authorization");
        assertThat(files.requests("/a.png?sig=1").get(0).headers().toString()).doesNotContain(KEY);
    }

    @Test
    void redirectsOfADownloadAreFollowed() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.respondWith(302, "", "Location: /elsewhere/b.png"));
        files.script("/elsewhere/b.png", files.respondWith(307, "", "Location: " + files.url("/c.png")));
        files.script("/c.png", files.bytes(200, Buffer.buffer(PNG)));

        // then
        assertThat(generated(generate(request(1)))).hasSize(1);
    }

    @Test
    void redirectLoopOfADownloadEnds() {
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
    void addressThatIsNoWebAddressIsNotFollowed(String url) {
        // given
        server.script(GENERATIONS, server.respondWithUrls(url));

        // when
        BackendFailure backendFailure = failed(generate(request(1)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.EMPTY_SUCCESS);
        assertThat(backendFailure.code()).isEqualTo("INVALID_URL");
    }

    @Test
    void redirectToAFileIsNotFollowed() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.respondWith(302, "", "Location: file:///etc/passwd"));

        // then
        assertThat(failed(generate(request(1))).code()).isEqualTo("INVALID_URL");
    }

    @Test
    void downloadThatFailsIsRepeatedAndThePictureIsNotMadeAgain() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script(
                "/a.png", files.respondWith(503, ""), files.dropConnection(), files.bytes(200, Buffer.buffer(PNG)));

        // when
        List<Image> pictures = generated(generate(request(1)));

        // then
        assertThat(pictures).hasSize(1);
        assertThat(files.requests("/a.png")).hasSize(3);
        assertThat(server.requests(GENERATIONS)).hasSize(1);
    }

    @Test
    void downloadThatKeepsFailingSaysSo() {
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
    void downloadThatNeverAnswersIsAFailedDownloadAndNotADeadline() {
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
    void pictureThatIsGoneIsLost(int status) {
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
    void downloadIsCutOffWhenThePictureIsTooLarge() {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.sendEndlessBody());

        // when
        BackendFailure backendFailure = failed(generate(request(1)));

        // then
        assertThat(backendFailure.code()).isEqualTo("RESPONSE_TOO_LARGE");
        assertCutOff(files);
    }

    @Test
    void answerIsCutOffWhenItIsTooLarge() {
        // given
        server.script(GENERATIONS, server.sendEndlessBody());

        // when
        BackendFailure backendFailure = failed(generate(request(1)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.EMPTY_SUCCESS);
        assertThat(backendFailure.code()).isEqualTo("RESPONSE_TOO_LARGE");
        assertCutOff(server);
    }

    @Test
    void answerThatAnnouncesTooMuchIsNotReadAtAll() {
        // given
        server.script(GENERATIONS, server.sendRaw("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"));

        // then
        assertThat(failed(generate(request(1))).code()).isEqualTo("RESPONSE_TOO_LARGE");
    }

    @Test
    void hugeErrorIsSortedByItsStatus() {
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
    @MethodSource("successesThatAreNone")
    void successWithoutWhatWasAskedForIsAFailure(int status, String body, String expectedCode) {
        // given
        server.script(GENERATIONS, server.respondWith(status, body));

        // when
        BackendFailure backendFailure = failed(generate(request(2)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.EMPTY_SUCCESS);
        assertThat(backendFailure.code()).isEqualTo(expectedCode);
    }

    static Stream<Arguments> successesThatAreNone() {
        byte[] cut = Arrays.copyOf(PNG, PNG.length - 20);
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
                Arguments.of(200, ScriptedHttpServer.base64(PNG, cut), "NOT_A_PICTURE"),
                Arguments.of(200, ScriptedHttpServer.base64(PNG, huge), "RESPONSE_TOO_LARGE"));
    }

    @Test
    void noContentIsAnEmptyResponse() {
        server.script(GENERATIONS, server.sendRaw("HTTP/1.1 204 No Content\r\n\r\n"));
        assertThat(failed(generate(request(1))).code()).isEqualTo("EMPTY_RESPONSE");
    }

    @Test
    void errorInsideASuccessIsTheServersError() {
        server.script(GENERATIONS, server.respondWith(200, "{\"error\":{\"message\":\"CUDA out of memory\"}}"));
        BackendFailure backendFailure = failed(generate(request(1)));
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.SERVER_ERROR);
        assertThat(backendFailure.detail()).isEqualTo("CUDA out of memory");
    }

    @Test
    void morePicturesThanAskedForAreLeftAlone() {
        server.script(GENERATIONS, server.respondWithImages(PNG, PNG, "junk".getBytes(StandardCharsets.US_ASCII)));
        assertThat(generated(generate(request(2)))).hasSize(2);
    }

    @Test
    void redirectOfTheSubmissionIsNotFollowed() {
        // given
        server.script(GENERATIONS, server.respondWith(307, "", "Location: " + files.url("/stolen")));

        // then
        assertThat(failed(generate(request(1))).code()).isEqualTo("UNEXPECTED_REDIRECT");
        assertThat(files.requests("/stolen")).isEmpty();
    }

    @Test
    void keyInAnErrorDoesNotReachTheDetail() {
        server.script(GENERATIONS, server.respondWith(401, "{\"error\":{\"message\":\"Incorrect key " + KEY + "\"}}"));
        assertThat(failed(generate(request(1))).toString()).doesNotContain(KEY).contains("Incorrect key <redacted>");
    }

    @Test
    void connectionDroppedAfterTheRequestLeavesDoubt() {
        server.script(GENERATIONS, server.dropConnection());
        assertFailed(generate(request(1)), FailureClass.AMBIGUOUS, "CONNECTION_LOST");
    }

    @Test
    void connectionDroppedInsideTheBodyLeavesDoubt() {
        server.script(GENERATIONS, server.sendRaw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":["));
        assertFailed(generate(request(1)), FailureClass.AMBIGUOUS, "CONNECTION_LOST");
    }

    @Test
    void answerThatIsNoHttpLeavesDoubt() {
        server.script(GENERATIONS, server.sendRaw("\u0001\u0002 what is this\r\n\r\n"));
        assertFailed(generate(request(1)), FailureClass.AMBIGUOUS, "INVALID_HTTP");
    }

    @Test
    void nothingWasSentWhenTheConnectionIsRefused() throws Exception {
        // given
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }

        // then
        assertUnsent("http://127.0.0.1:" + port + "/v1", "CONNECTION_REFUSED");
    }

    @Test
    void nothingWasSentWhenTheHostIsUnknown() throws Exception {
        assertUnsent("http://no-such-host.invalid/v1", "UNKNOWN_HOST");
    }

    @Test
    void nothingWasSentWhenTheServerSpeaksNoTls() throws Exception {
        // given
        var plain = get(vertx.createNetServer()
                .connectHandler(
                        socket -> socket.handler(hello -> socket.end(Buffer.buffer("HTTP/1.1 400 Bad\r\n\r\n"))))
                .listen(0, "127.0.0.1"));

        // then
        assertUnsent("https://127.0.0.1:" + plain.actualPort() + "/v1", "TLS_FAILED");
    }

    @Test
    void nothingWasSentWhenTheTlsHandshakeHangs() throws Exception {
        // given a server that reads and stays silent
        OpenAiImagesBackend tls = backend(URI.create("https://127.0.0.1:" + server.port() + "/v1"));

        // when
        BackendOutcome backendOutcome = get(tls.generate(request(1), new BackendCall(PLENTY)));

        // then
        assertFailed(backendOutcome, FailureClass.NOT_SENT, "CONNECT_TIMEOUT");
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
        get(tls.close());
    }

    @Test
    void deadlineClosesASocketThatIsStillInItsTlsHandshake() throws Exception {
        // given a server that reads and stays silent, and less time than a handshake may take
        OpenAiImagesBackend tls = backend(URI.create("https://127.0.0.1:" + server.port() + "/v1"));
        long start = System.nanoTime();

        // when
        BackendOutcome backendOutcome = get(tls.generate(request(1), new BackendCall(Duration.ofMillis(1500))));

        // then nothing was sent, so there is nothing that may have been done
        assertFailed(backendOutcome, FailureClass.NOT_SENT, "CONNECT_TIMEOUT");
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
        assertThat(Duration.ofNanos(server.lastClosedAt() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(1499));
        get(tls.close());
    }

    @Test
    void deadlineClosesADownloadThatIsStillInItsTlsHandshake() throws Exception {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png").replace("http:", "https:")));

        // when the three downloads have a quarter of the time each
        BackendFailure backendFailure = failed(generate(request(1), new BackendCall(Duration.ofSeconds(3))));

        // then
        assertThat(backendFailure.code()).isEqualTo("DOWNLOAD_FAILED");
        assertThat(files.totalConnections()).isEqualTo(3);
        await().atMost(60, TimeUnit.SECONDS).until(() -> files.openConnections() == 0);
    }

    @Test
    void abortWhileConnectingEndsTheCallAtOnceAndSendsNothing() throws Exception {
        // given
        OpenAiImagesBackend tls = backend(URI.create("https://127.0.0.1:" + server.port() + "/v1"));
        BackendCall backendCall = new BackendCall(PLENTY);
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
    void deadlineClosesASocketThatWaitsForHeaders() {
        server.script(GENERATIONS, server.sendNothing());
        assertClosedAtDeadline(server);
    }

    @Test
    void deadlineClosesASocketThatDrips() {
        server.script(GENERATIONS, server.sendSlowBody());
        assertClosedAtDeadline(server);
    }

    @Test
    void downloadThatDripsIsBrokenOffAndRepeatedWithinTheBudget() {
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
    void abortClosesADownloadThatDrips() throws Exception {
        // given
        server.script(GENERATIONS, server.respondWithUrls(files.url("/a.png")));
        files.script("/a.png", files.sendSlowBody());
        BackendCall backendCall = new BackendCall(PLENTY);
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
    void eachCallHasAConnectionOfItsOwn() {
        // given a server that keeps its connections
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

    private void assertClosedAtDeadline(ScriptedHttpServer closing) {
        // when
        long start = System.nanoTime();
        BackendFailure backendFailure = failed(generate(request(1), new BackendCall(Duration.ofMillis(1500))));
        long end = System.nanoTime();

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(backendFailure.timedOut()).isTrue();
        // Timers count whole milliseconds of another clock, so one may fire a fraction of one early.
        assertThat(Duration.ofNanos(end - start).plusMillis(1)).isGreaterThanOrEqualTo(Duration.ofMillis(1500));
        await().atMost(60, TimeUnit.SECONDS).until(() -> closing.openConnections() == 0);
    }

    @Test
    void abortClosesASocketThatWaitsForHeaders() throws Exception {
        // given
        server.script(GENERATIONS, server.sendNothing());
        assertClosedByAbort();
    }

    @Test
    void abortClosesASocketThatDrips() throws Exception {
        // given
        server.script(GENERATIONS, server.sendSlowBody());
        assertClosedByAbort();
    }

    private void assertClosedByAbort() throws Exception {
        BackendCall backendCall = new BackendCall(PLENTY);
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
    void callAbortedBeforeItBeganSendsNothing() throws Exception {
        // given
        server.script(GENERATIONS, server.respondWithImages(PNG));
        BackendCall backendCall = new BackendCall(PLENTY);
        backendCall.abort();

        // then
        assertThat(get(backend.generate(request(1), backendCall))).isInstanceOf(BackendOutcome.Aborted.class);
        assertThat(server.requests(GENERATIONS)).isEmpty();
    }

    @Test
    void closingEndsCallsUnderWay() throws Exception {
        // given
        server.script(GENERATIONS, server.sendNothing());
        Future<BackendOutcome> running = backend.generate(request(1), new BackendCall(PLENTY));
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> server.requests(GENERATIONS).size() == 1);

        // when
        get(backend.close());

        // then
        assertThat(get(running)).isInstanceOf(BackendOutcome.Aborted.class);
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
    }

    private void assertCutOff(ScriptedHttpServer flooding) {
        await().atMost(60, TimeUnit.SECONDS).until(() -> flooding.openConnections() == 0);
        // What the server got rid of is what was read plus what the sockets' own buffers hold, and far from endless.
        assertThat(flooding.bytesWritten()).isLessThan(MAX_BYTES + (16 << 20));
    }

    private void assertUnsent(String base, String expectedCode) throws Exception {
        OpenAiImagesBackend elsewhere = backend(URI.create(base));
        try {
            assertFailed(
                    get(elsewhere.generate(request(1), new BackendCall(PLENTY))), FailureClass.NOT_SENT, expectedCode);
        } finally {
            get(elsewhere.close());
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
                PLENTY,
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
        return generate(request, new BackendCall(PLENTY));
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
