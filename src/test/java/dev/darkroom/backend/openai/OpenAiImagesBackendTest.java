package dev.darkroom.backend.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.Call;
import dev.darkroom.backend.Failure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.Outcome;
import dev.darkroom.backend.http.AnswerMemory;
import dev.darkroom.config.Secret;
import dev.darkroom.config.Settings;
import dev.darkroom.image.Picture;
import dev.darkroom.image.PictureFormat;
import dev.darkroom.image.Pictures;
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
    private static final byte[] PNG = Pictures.png(64, 48);

    private final AnswerMemory memory = new AnswerMemory(Runtime.getRuntime().maxMemory(), 4, MAX_BYTES);
    private Vertx vertx;
    private ScriptedServer server;
    private ScriptedServer files;
    private OpenAiImagesBackend backend;

    @BeforeEach
    void start() throws Exception {
        vertx = Vertx.vertx(new VertxOptions()
                .setAddressResolverOptions(new AddressResolverOptions()
                        .setQueryTimeout(500)
                        .setMaxQueries(2)
                        .setSearchDomains(List.of())));
        server = ScriptedServer.start(vertx);
        files = ScriptedServer.start(vertx);
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
        server.on(GENERATIONS, server.pictures(PNG, Pictures.jpeg(32, 16)));

        // when
        List<Picture> pictures = generated(generate(request(2)));

        // then
        assertThat(pictures).extracting(Picture::format).containsExactly(PictureFormat.PNG, PictureFormat.JPEG);
        assertThat(pictures.get(0).bytes().toBytes()).isEqualTo(PNG);
        assertThat(pictures.get(0).width()).isEqualTo(64);
    }

    @Test
    void requestSaysEverythingThatWasAskedFor() {
        // given
        server.on(GENERATIONS, server.pictures(PNG));

        // when
        generated(generate(new ImageRequest("key-1", "a fox ü 🦊", "no text", 512, 384, 1, 77, "flux")));

        // then
        ScriptedServer.Seen seen = server.requests(GENERATIONS).get(0);
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
        assertThat(OpenAiRequest.of(
                                new ImageRequest("k", "p", null, 8, 8, 1, 1, "gpt-image-1"),
                                Settings.PromptControls.PASS,
                                OpenAiRequest.fields("gpt-image-1"))
                        .fieldNames())
                .containsExactlyInAnyOrder("model", "prompt", "n", "size");
        assertThat(OpenAiRequest.of(
                                new ImageRequest("k", "p", null, 8, 8, 1, 1, "dall-e-3"),
                                Settings.PromptControls.PASS,
                                OpenAiRequest.fields("dall-e-3"))
                        .fieldNames())
                .containsExactlyInAnyOrder("model", "prompt", "n", "size", "response_format");
        assertThat(OpenAiRequest.of(
                                new ImageRequest("k", "p", null, 8, 8, 1, 1, null),
                                Settings.PromptControls.PASS,
                                OpenAiRequest.fields(null))
                        .fieldNames())
                .containsExactlyInAnyOrder("prompt", "n", "size", "seed", "response_format");
    }

    @Test
    void picturesByUrlAreDownloadedWithoutOurKey() {
        // given
        server.on(GENERATIONS, server.links(files.url("/a.png?sig=1"), files.url("/b.png")));
        files.on("/a.png?sig=1", files.bytes(200, Buffer.buffer(PNG)));
        files.on("/b.png", files.bytes(200, Buffer.buffer(Pictures.png(8, 8))));

        // when
        List<Picture> pictures = generated(generate(request(2)));

        // then
        assertThat(pictures).extracting(Picture::width).containsExactly(64, 8);
        assertThat(files.requests("/a.png?sig=1").get(0).headers()).doesNotContainKey("authorization");
        assertThat(files.requests("/a.png?sig=1").get(0).headers().toString()).doesNotContain(KEY);
    }

    @Test
    void redirectsOfADownloadAreFollowed() {
        // given
        server.on(GENERATIONS, server.links(files.url("/a.png")));
        files.on("/a.png", files.status(302, "", "Location: /elsewhere/b.png"));
        files.on("/elsewhere/b.png", files.status(307, "", "Location: " + files.url("/c.png")));
        files.on("/c.png", files.bytes(200, Buffer.buffer(PNG)));

        // then
        assertThat(generated(generate(request(1)))).hasSize(1);
    }

    @Test
    void redirectLoopOfADownloadEnds() {
        // given
        server.on(GENERATIONS, server.links(files.url("/a.png")));
        files.on("/a.png", files.status(302, "", "Location: /a.png"));

        // when
        Failure failure = failed(generate(request(1)));

        // then
        assertThat(failure.failureClass()).isEqualTo(FailureClass.RESULT_FETCH);
        assertThat(failure.code()).isEqualTo("TOO_MANY_REDIRECTS");
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
        server.on(GENERATIONS, server.links(url));

        // when
        Failure failure = failed(generate(request(1)));

        // then
        assertThat(failure.failureClass()).isEqualTo(FailureClass.EMPTY_SUCCESS);
        assertThat(failure.code()).isEqualTo("INVALID_URL");
    }

    @Test
    void redirectToAFileIsNotFollowed() {
        // given
        server.on(GENERATIONS, server.links(files.url("/a.png")));
        files.on("/a.png", files.status(302, "", "Location: file:///etc/passwd"));

        // then
        assertThat(failed(generate(request(1))).code()).isEqualTo("INVALID_URL");
    }

    @Test
    void downloadThatFailsIsRepeatedAndThePictureIsNotMadeAgain() {
        // given
        server.on(GENERATIONS, server.links(files.url("/a.png")));
        files.on("/a.png", files.status(503, ""), files.drop(), files.bytes(200, Buffer.buffer(PNG)));

        // when
        List<Picture> pictures = generated(generate(request(1)));

        // then
        assertThat(pictures).hasSize(1);
        assertThat(files.requests("/a.png")).hasSize(3);
        assertThat(server.requests(GENERATIONS)).hasSize(1);
    }

    @Test
    void downloadThatKeepsFailingSaysSo() {
        // given
        server.on(GENERATIONS, server.links(files.url("/a.png")));
        files.on("/a.png", files.status(500, ""));

        // when
        Failure failure = failed(generate(request(1)));

        // then
        assertThat(failure.failureClass()).isEqualTo(FailureClass.RESULT_FETCH);
        assertThat(failure.httpStatus()).isEqualTo(500);
        assertThat(files.requests("/a.png")).hasSize(3);
    }

    @Test
    void downloadThatNeverAnswersIsAFailedDownloadAndNotADeadline() {
        // given
        server.on(GENERATIONS, server.links(files.url("/a.png")));
        files.on("/a.png", files.silence());

        // when
        Failure failure = failed(generate(request(1), new Call(Duration.ofSeconds(2))));

        // then
        assertThat(failure.failureClass()).isEqualTo(FailureClass.RESULT_FETCH);
        assertThat(files.requests("/a.png")).hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {403, 404, 410})
    void pictureThatIsGoneIsLost(int status) {
        // given
        server.on(GENERATIONS, server.links(files.url("/a.png")));
        files.on("/a.png", files.status(status, ""));

        // when
        Failure failure = failed(generate(request(1)));

        // then
        assertThat(failure.failureClass()).isEqualTo(FailureClass.BACKEND_LOST);
        assertThat(files.requests("/a.png")).hasSize(1);
    }

    @Test
    void downloadIsCutOffWhenThePictureIsTooLarge() {
        // given
        server.on(GENERATIONS, server.links(files.url("/a.png")));
        files.on("/a.png", files.flood());

        // when
        Failure failure = failed(generate(request(1)));

        // then
        assertThat(failure.code()).isEqualTo("RESPONSE_TOO_LARGE");
        assertCutOff(files);
    }

    @Test
    void answerIsCutOffWhenItIsTooLarge() {
        // given
        server.on(GENERATIONS, server.flood());

        // when
        Failure failure = failed(generate(request(1)));

        // then
        assertThat(failure.failureClass()).isEqualTo(FailureClass.EMPTY_SUCCESS);
        assertThat(failure.code()).isEqualTo("RESPONSE_TOO_LARGE");
        assertCutOff(server);
    }

    @Test
    void answerThatAnnouncesTooMuchIsNotReadAtAll() {
        // given
        server.on(GENERATIONS, server.raw("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"));

        // then
        assertThat(failed(generate(request(1))).code()).isEqualTo("RESPONSE_TOO_LARGE");
    }

    @Test
    void hugeErrorIsSortedByItsStatus() {
        // given
        server.on(GENERATIONS, server.status(503, "x".repeat(5 << 20), "Retry-After: 7"));

        // when
        Failure failure = failed(generate(request(1)));

        // then
        assertThat(failure.failureClass()).isEqualTo(FailureClass.REJECTED_RETRYABLE);
        assertThat(failure.retryAfter()).isEqualTo(Duration.ofSeconds(7));
        assertThat(failure.detail()).hasSizeLessThanOrEqualTo(300);
    }

    @ParameterizedTest
    @MethodSource("successesThatAreNone")
    void successWithoutWhatWasAskedForIsAFailure(int status, String body, String expectedCode) {
        // given
        server.on(GENERATIONS, server.status(status, body));

        // when
        Failure failure = failed(generate(request(2)));

        // then
        assertThat(failure.failureClass()).isEqualTo(FailureClass.EMPTY_SUCCESS);
        assertThat(failure.code()).isEqualTo(expectedCode);
    }

    static Stream<Arguments> successesThatAreNone() {
        byte[] cut = Arrays.copyOf(PNG, PNG.length - 20);
        byte[] huge = new byte[700_000];
        return Stream.of(
                Arguments.of(200, "", "EMPTY_RESPONSE"),
                Arguments.of(200, "{\"data\":[]}", "EMPTY_RESPONSE"),
                Arguments.of(200, "<html>Welcome</html>", "MALFORMED_RESPONSE"),
                Arguments.of(200, ScriptedServer.base64(PNG), "TOO_FEW_PICTURES"),
                Arguments.of(
                        200, ScriptedServer.base64(PNG, "GIF89a".getBytes(StandardCharsets.US_ASCII)), "NOT_A_PICTURE"),
                Arguments.of(200, ScriptedServer.base64(PNG, new byte[0]), "TOO_FEW_PICTURES"),
                Arguments.of(200, ScriptedServer.base64(PNG, cut), "NOT_A_PICTURE"),
                Arguments.of(200, ScriptedServer.base64(PNG, huge), "RESPONSE_TOO_LARGE"));
    }

    @Test
    void noContentIsAnEmptyResponse() {
        server.on(GENERATIONS, server.raw("HTTP/1.1 204 No Content\r\n\r\n"));
        assertThat(failed(generate(request(1))).code()).isEqualTo("EMPTY_RESPONSE");
    }

    @Test
    void errorInsideASuccessIsTheServersError() {
        server.on(GENERATIONS, server.status(200, "{\"error\":{\"message\":\"CUDA out of memory\"}}"));
        Failure failure = failed(generate(request(1)));
        assertThat(failure.failureClass()).isEqualTo(FailureClass.SERVER_ERROR);
        assertThat(failure.detail()).isEqualTo("CUDA out of memory");
    }

    @Test
    void morePicturesThanAskedForAreLeftAlone() {
        server.on(GENERATIONS, server.pictures(PNG, PNG, "junk".getBytes(StandardCharsets.US_ASCII)));
        assertThat(generated(generate(request(2)))).hasSize(2);
    }

    @Test
    void redirectOfTheSubmissionIsNotFollowed() {
        // given
        server.on(GENERATIONS, server.status(307, "", "Location: " + files.url("/stolen")));

        // then
        assertThat(failed(generate(request(1))).code()).isEqualTo("UNEXPECTED_REDIRECT");
        assertThat(files.requests("/stolen")).isEmpty();
    }

    @Test
    void keyInAnErrorDoesNotReachTheDetail() {
        server.on(GENERATIONS, server.status(401, "{\"error\":{\"message\":\"Incorrect key " + KEY + "\"}}"));
        assertThat(failed(generate(request(1))).toString()).doesNotContain(KEY).contains("Incorrect key <redacted>");
    }

    @Test
    void connectionDroppedAfterTheRequestLeavesDoubt() {
        server.on(GENERATIONS, server.drop());
        assertFailed(generate(request(1)), FailureClass.AMBIGUOUS, "CONNECTION_LOST");
    }

    @Test
    void connectionDroppedInsideTheBodyLeavesDoubt() {
        server.on(GENERATIONS, server.raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":["));
        assertFailed(generate(request(1)), FailureClass.AMBIGUOUS, "CONNECTION_LOST");
    }

    @Test
    void answerThatIsNoHttpLeavesDoubt() {
        server.on(GENERATIONS, server.raw("\u0001\u0002 what is this\r\n\r\n"));
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
        Outcome outcome = get(tls.generate(request(1), new Call(PLENTY)));

        // then
        assertFailed(outcome, FailureClass.NOT_SENT, "CONNECT_TIMEOUT");
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
        get(tls.close());
    }

    @Test
    void deadlineClosesASocketThatIsStillInItsTlsHandshake() throws Exception {
        // given a server that reads and stays silent, and less time than a handshake may take
        OpenAiImagesBackend tls = backend(URI.create("https://127.0.0.1:" + server.port() + "/v1"));
        long start = System.nanoTime();

        // when
        Outcome outcome = get(tls.generate(request(1), new Call(Duration.ofMillis(1500))));

        // then nothing was sent, so there is nothing that may have been done
        assertFailed(outcome, FailureClass.NOT_SENT, "CONNECT_TIMEOUT");
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
        assertThat(Duration.ofNanos(server.lastClosedAt() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(1499));
        get(tls.close());
    }

    @Test
    void deadlineClosesADownloadThatIsStillInItsTlsHandshake() throws Exception {
        // given
        server.on(GENERATIONS, server.links(files.url("/a.png").replace("http:", "https:")));

        // when the three downloads have a quarter of the time each
        Failure failure = failed(generate(request(1), new Call(Duration.ofSeconds(3))));

        // then
        assertThat(failure.code()).isEqualTo("DOWNLOAD_FAILED");
        assertThat(files.connectionsEver()).isEqualTo(3);
        await().atMost(60, TimeUnit.SECONDS).until(() -> files.openConnections() == 0);
    }

    @Test
    void abortWhileConnectingEndsTheCallAtOnceAndSendsNothing() throws Exception {
        // given
        OpenAiImagesBackend tls = backend(URI.create("https://127.0.0.1:" + server.port() + "/v1"));
        Call call = new Call(PLENTY);
        Future<Outcome> running = tls.generate(request(1), call);
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 1);

        // when
        call.abort();

        // then
        assertThat(running.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS))
                .isInstanceOf(Outcome.Aborted.class);
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
        assertThat(server.requests(GENERATIONS)).isEmpty();
        get(tls.close());
    }

    @Test
    void deadlineClosesASocketThatWaitsForHeaders() {
        server.on(GENERATIONS, server.silence());
        assertClosedAtDeadline(server);
    }

    @Test
    void deadlineClosesASocketThatDrips() {
        server.on(GENERATIONS, server.drip());
        assertClosedAtDeadline(server);
    }

    @Test
    void downloadThatDripsIsBrokenOffAndRepeatedWithinTheBudget() {
        // given
        server.on(GENERATIONS, server.links(files.url("/a.png")));
        files.on("/a.png", files.drip());

        // when
        Failure failure = failed(generate(request(1), new Call(Duration.ofSeconds(2))));

        // then
        assertThat(failure.failureClass()).isEqualTo(FailureClass.RESULT_FETCH);
        assertThat(files.requests("/a.png")).hasSize(3);
        await().atMost(60, TimeUnit.SECONDS).until(() -> files.openConnections() == 0);
    }

    @Test
    void abortClosesADownloadThatDrips() throws Exception {
        // given
        server.on(GENERATIONS, server.links(files.url("/a.png")));
        files.on("/a.png", files.drip());
        Call call = new Call(PLENTY);
        Future<Outcome> running = backend.generate(request(1), call);
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> files.requests("/a.png").size() == 1);

        // when
        call.abort();

        // then
        assertThat(get(running)).isInstanceOf(Outcome.Aborted.class);
        await().atMost(60, TimeUnit.SECONDS).until(() -> files.openConnections() == 0);
    }

    @Test
    void eachCallHasAConnectionOfItsOwn() {
        // given a server that keeps its connections
        server.on(GENERATIONS, server.keptAlive(ScriptedServer.base64(PNG)));

        // when
        for (int i = 0; i < 5; i++) {
            generated(generate(request(1)));
        }

        // then
        assertThat(server.requests(GENERATIONS)).hasSize(5);
        assertThat(server.connectionsEver()).isEqualTo(5);
        await().atMost(30, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
    }

    private void assertClosedAtDeadline(ScriptedServer closing) {
        // when
        long start = System.nanoTime();
        Failure failure = failed(generate(request(1), new Call(Duration.ofMillis(1500))));
        long end = System.nanoTime();

        // then
        assertThat(failure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(failure.timedOut()).isTrue();
        // Timers count whole milliseconds of another clock, so one may fire a fraction of one early.
        assertThat(Duration.ofNanos(end - start).plusMillis(1)).isGreaterThanOrEqualTo(Duration.ofMillis(1500));
        await().atMost(60, TimeUnit.SECONDS).until(() -> closing.openConnections() == 0);
    }

    @Test
    void abortClosesASocketThatWaitsForHeaders() throws Exception {
        // given
        server.on(GENERATIONS, server.silence());
        assertClosedByAbort();
    }

    @Test
    void abortClosesASocketThatDrips() throws Exception {
        // given
        server.on(GENERATIONS, server.drip());
        assertClosedByAbort();
    }

    private void assertClosedByAbort() throws Exception {
        Call call = new Call(PLENTY);
        Future<Outcome> running = backend.generate(request(1), call);
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> server.requests(GENERATIONS).size() == 1);

        // when
        call.abort();

        // then
        assertThat(get(running)).isInstanceOf(Outcome.Aborted.class);
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
    }

    @Test
    void callAbortedBeforeItBeganSendsNothing() throws Exception {
        // given
        server.on(GENERATIONS, server.pictures(PNG));
        Call call = new Call(PLENTY);
        call.abort();

        // then
        assertThat(get(backend.generate(request(1), call))).isInstanceOf(Outcome.Aborted.class);
        assertThat(server.requests(GENERATIONS)).isEmpty();
    }

    @Test
    void closingEndsCallsUnderWay() throws Exception {
        // given
        server.on(GENERATIONS, server.silence());
        Future<Outcome> running = backend.generate(request(1), new Call(PLENTY));
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> server.requests(GENERATIONS).size() == 1);

        // when
        get(backend.close());

        // then
        assertThat(get(running)).isInstanceOf(Outcome.Aborted.class);
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
    }

    private void assertCutOff(ScriptedServer flooding) {
        await().atMost(60, TimeUnit.SECONDS).until(() -> flooding.openConnections() == 0);
        // What the server got rid of is what was read plus what the sockets' own buffers hold, and far from endless.
        assertThat(flooding.bytesWritten()).isLessThan(MAX_BYTES + (16 << 20));
    }

    private void assertUnsent(String base, String expectedCode) throws Exception {
        OpenAiImagesBackend elsewhere = backend(URI.create(base));
        try {
            assertFailed(get(elsewhere.generate(request(1), new Call(PLENTY))), FailureClass.NOT_SENT, expectedCode);
        } finally {
            get(elsewhere.close());
        }
    }

    private static void assertFailed(Outcome outcome, FailureClass expectedClass, String expectedCode) {
        Failure failure = failed(outcome);
        assertThat(failure.code()).as(failure.toString()).isEqualTo(expectedCode);
        assertThat(failure.failureClass()).isEqualTo(expectedClass);
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
                Settings.PromptControls.NEUTRALISE,
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

    private Outcome generate(ImageRequest request) {
        return generate(request, new Call(PLENTY));
    }

    private Outcome generate(ImageRequest request, Call call) {
        try {
            return get(backend.generate(request, call));
        } catch (Exception e) {
            throw new AssertionError("a backend never fails its future", e);
        }
    }

    private static List<Picture> generated(Outcome outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Generated.class);
        return ((Outcome.Generated) outcome).pictures();
    }

    private static Failure failed(Outcome outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Failed.class);
        return ((Outcome.Failed) outcome).failure();
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
}
