package dev.darkroom.backend.callback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.auth.CallbackTokens;
import dev.darkroom.auth.UrlSigningKeys;
import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.callback.CallbackBackend.CallbackServices;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.Secret;
import dev.darkroom.config.Settings;
import dev.darkroom.config.TestSettings;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import dev.darkroom.image.Image;
import dev.darkroom.testing.InProcessSimulator;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link CallbackBackend} with the simulator or a scripted server, a database and real sockets. */
@Tag("database")
@Timeout(300)
class CallbackBackendTest {
    @RegisterExtension
    static final GenerationDatabaseFixture database = new GenerationDatabaseFixture();

    private static final Duration LONG_TIMEOUT = Duration.ofSeconds(60);
    private static final int MAX_BYTES = 4 << 20;
    private static final String PNG =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    private static InProcessSimulator simulator;
    private static CallbackTokens tokens;
    private static CallbackReceiver receiver;
    private static HttpServer api;

    private final RecordingListener listener = new RecordingListener();
    private CallbackBackend backend;
    private UUID generationId;

    /** Collects the reports about a job. */
    private static final class RecordingListener implements JobListener {
        private final Queue<String> accepted = new ConcurrentLinkedQueue<>();
        private final Queue<JobProgress> progress = new ConcurrentLinkedQueue<>();

        @Override
        public void onAccepted(String providerId) {
            accepted.add(providerId);
        }

        @Override
        public void onProgress(JobProgress jobProgress) {
            progress.add(jobProgress);
        }
    }

    @BeforeAll
    static void startServers() {
        simulator = new InProcessSimulator(Duration.ZERO);
        tokens = new CallbackTokens(
                new UrlSigningKeys(database.vertx, database.database, InstantSource.system(), System::nanoTime),
                InstantSource.system());
        receiver = new CallbackReceiver(database.database, database.notifyChannel);
        api = get(database.vertx
                .createHttpServer()
                .requestHandler(CallbackBackendTest::receive)
                .listen(0, "127.0.0.1"));
    }

    /** Receives a result on another node than the one that waits. */
    private static void receive(HttpServerRequest request) {
        String token = request.path().substring(request.path().lastIndexOf('/') + 1);
        request.body()
                .compose(body ->
                        receiver.receiveResult(CallbackTokens.jobKey(token), CallbackTokens.expiry(token), body))
                .onSuccess(receipt -> request.response()
                        .setStatusCode(receipt == CallbackReceipt.ACCEPTED ? 204 : 410)
                        .end());
    }

    @AfterAll
    static void stopServers() {
        get(api.close());
        simulator.close();
    }

    @BeforeEach
    void start() {
        simulator.reset();
        generationId = database.submit();
        backend = createBackend(URI.create("http://127.0.0.1:" + simulator.port() + "/callback/jobs"));
    }

    @AfterEach
    void stop() {
        get(backend.close());
    }

    @Test
    void returnsTheReportedImages() {
        // when
        List<Image> images = generated(generate(request(2)));

        // then
        assertThat(images).hasSize(2).doesNotHaveDuplicates();
        assertThat(images.get(0).width()).isEqualTo(96);
        assertThat(listener.accepted).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"urlResult", "dropAccepted", "truncated"})
    void getsTheResultOfAnAcceptedJob(String step) {
        // given
        simulator.script(new JsonObject().put(step, true));

        // then
        assertThat(generated(generate(request(2)))).hasSize(2);
        assertThat(simulator.recordedRequests()).hasSize(1);
    }

    @Test
    void sendsTheDocumentedFields() {
        // given
        BackendCall backendCall = call(LONG_TIMEOUT);
        ImageRequest request = new ImageRequest(generationId.toString(), "a fox", "text", 96, 64, 1, 77, "flux");

        // when
        generated(get(backend.generate(request, backendCall)));

        // then
        JsonObject body = simulator.recordedRequests().get(0).getJsonObject("body");
        String callbackUrl = (String) body.remove("callbackUrl");
        String deadline = (String) body.remove("deadline");
        assertThat(body)
                .isEqualTo(new JsonObject()
                        .put("version", 1)
                        .put("id", backendCall.job().key().toString())
                        .put("prompt", "a fox")
                        .put("negativePrompt", "text")
                        .put("width", 96)
                        .put("height", 64)
                        .put("count", 1)
                        .put("seed", 77)
                        .put("model", "flux"));
        assertThat(callbackUrl).startsWith("http://127.0.0.1:" + api.actualPort() + "/api/callbacks/");
        String token = callbackUrl.substring(callbackUrl.lastIndexOf('/') + 1);
        assertThat(get(tokens.verify(token))).isEqualTo(CallbackTokens.TokenStatus.VALID);
        assertThat(CallbackTokens.jobKey(token)).isEqualTo(backendCall.job().key());
        assertThat(Instant.parse(deadline)).isBefore(Instant.now().plus(LONG_TIMEOUT.plusSeconds(30)));
        assertThat(simulator.recordedRequests().get(0).getBoolean("authorization"))
                .isTrue();
    }

    @ParameterizedTest
    @MethodSource("rejections")
    void mapsARejectedSubmissionAndClosesTheJob(String step, FailureClass expectedClass, String expectedCode) {
        // given
        simulator.script(new JsonObject(step));

        // when
        BackendFailure failure = failed(generate(request(1)));

        // then
        assertThat(failure.failureClass()).isEqualTo(expectedClass);
        assertThat(failure.code()).isEqualTo(expectedCode);
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> database.query("SELECT 1 FROM callback_jobs").isEmpty());
    }

    static Stream<Arguments> rejections() {
        return Stream.of(
                Arguments.of("{\"status\":500}", FailureClass.SERVER_ERROR, "SERVER_ERROR"),
                Arguments.of("{\"status\":400}", FailureClass.TERMINAL_INPUT, "INVALID_REQUEST"),
                Arguments.of("{\"status\":401}", FailureClass.TERMINAL_AUTH, "UNAUTHORIZED"),
                Arguments.of("{\"status\":429}", FailureClass.REJECTED_RETRYABLE, "RATE_LIMITED"),
                Arguments.of("{\"status\":503}", FailureClass.REJECTED_RETRYABLE, "UNAVAILABLE"),
                Arguments.of("{\"moderation\":true}", FailureClass.MODERATED, "MODERATED"),
                Arguments.of("{\"quota\":true}", FailureClass.TERMINAL_AUTH, "QUOTA_EXHAUSTED"),
                Arguments.of("{\"html\":true}", FailureClass.SERVER_ERROR, "SERVER_ERROR"),
                Arguments.of("{\"redirectLoop\":true}", FailureClass.SERVER_ERROR, "UNEXPECTED_REDIRECT"));
    }

    @ParameterizedTest
    @MethodSource("invalidResults")
    void mapsAnInvalidResult(String step, FailureClass expectedClass, String expectedCode) {
        // given
        simulator.script(new JsonObject(step));

        // when
        BackendFailure failure = failed(generate(request(2)));

        // then
        assertThat(failure.failureClass()).isEqualTo(expectedClass);
        assertThat(failure.code()).isEqualTo(expectedCode);
    }

    static Stream<Arguments> invalidResults() {
        return Stream.of(
                Arguments.of("{\"noImages\":true}", FailureClass.INVALID_RESULT, "EMPTY_RESPONSE"),
                Arguments.of("{\"tooFewImages\":true}", FailureClass.INVALID_RESULT, "TOO_FEW_IMAGES"),
                Arguments.of("{\"invalidImage\":true}", FailureClass.INVALID_RESULT, "INVALID_IMAGE"),
                Arguments.of("{\"url\":\"ftp://x/y\"}", FailureClass.INVALID_RESULT, "INVALID_IMAGE_URL"),
                Arguments.of("{\"url\":\"http://10.0.0.1/x\"}", FailureClass.TERMINAL_AUTH, "IMAGE_URL_NOT_ALLOWED"));
    }

    @ParameterizedTest
    @MethodSource("reportedFailures")
    void mapsAReportedFailure(String error, FailureClass expectedClass, String expectedCode) {
        // given
        serve((request, job) -> {
            request.response().end();
            report(job, new JsonObject().put("status", "failed").put("error", new JsonObject(error)));
        });

        // when
        BackendFailure failure = failed(generate(request(1)));

        // then
        assertThat(failure.failureClass()).isEqualTo(expectedClass);
        assertThat(failure.code()).isEqualTo(expectedCode);
        assertThat(failure.message()).doesNotContain("secret");
    }

    static Stream<Arguments> reportedFailures() {
        return Stream.of(
                Arguments.of(
                        "{\"code\":\"oom\",\"message\":\"secret\"}", FailureClass.SERVER_ERROR, "ERROR_IN_RESPONSE"),
                Arguments.of(
                        "{\"code\":\"oom\",\"message\":\"secret\",\"retryable\":true}",
                        FailureClass.SERVER_ERROR,
                        "ERROR_IN_RESPONSE"),
                Arguments.of(
                        "{\"code\":\"bad_size\",\"message\":\"secret\",\"retryable\":false}",
                        FailureClass.TERMINAL_INPUT,
                        "REQUEST_REJECTED"),
                Arguments.of(
                        "{\"code\":\"content_policy_violation\",\"retryable\":true}",
                        FailureClass.MODERATED,
                        "MODERATED"),
                Arguments.of("{\"code\":\"insufficient_quota\"}", FailureClass.TERMINAL_AUTH, "QUOTA_EXHAUSTED"));
    }

    @Test
    void acceptsTheResultBeforeTheResponseToTheSubmission() {
        // given a server that reports first and never responds
        serve((request, job) -> report(job, success()));

        // then
        assertThat(generated(generate(request(1)))).hasSize(1);
    }

    @Test
    void waitsForTheResultWhenTheResponseIsLost() {
        // given
        serve((request, job) -> request.connection().close().onSuccess(closed -> report(job, success())));

        // then
        assertThat(generated(generate(request(1)))).hasSize(1);
    }

    @Test
    void reportsTheIdOfTheAcceptedJob() {
        // given
        serve((request, job) -> request.response().setStatusCode(202).end("{\"id\":\"job-7\"}"));
        BackendCall backendCall = call(LONG_TIMEOUT);

        // when
        Future<BackendOutcome> outcome = backend.generate(request(1), backendCall);
        await().atMost(60, TimeUnit.SECONDS).until(() -> listener.accepted.contains("job-7"));
        get(receiver.receiveResult(
                backendCall.job().key(),
                expiry(backendCall.job().key()),
                success().toBuffer()));

        // then
        generated(get(outcome));
    }

    @Test
    void ignoresOtherBodiesOfASuccess() {
        for (String body : List.of("", "ok", "[]", "{\"id\":7}", "{\"id\":\"\"}", "x".repeat(100_000))) {
            // given
            serve((request, job) -> {
                report(job, success());
                request.response().end(body);
            });

            // then
            assertThat(generated(generate(request(1)))).as(body).hasSize(1);
        }
        assertThat(listener.accepted).isEmpty();
    }

    @Test
    void reportsProgress() {
        // given
        serve((request, job) -> {
            request.response().end();
            receiver.receiveProgress(
                    UUID.fromString(job.getString("id")), expiry(UUID.fromString(job.getString("id"))), 40);
        });
        BackendCall backendCall = call(LONG_TIMEOUT);

        // when
        Future<BackendOutcome> outcome = backend.generate(request(1), backendCall);
        await().atMost(60, TimeUnit.SECONDS).until(() -> listener.progress.contains(new JobProgress(40, null)));
        get(receiver.receiveResult(
                backendCall.job().key(),
                expiry(backendCall.job().key()),
                success().toBuffer()));

        // then
        generated(get(outcome));
    }

    @Test
    void timesOutAtTheDeadlineAndRejectsALaterResult() {
        // given
        serve((request, job) -> request.response().end());
        BackendCall backendCall = call(Duration.ofSeconds(2));

        // when
        BackendFailure failure = failed(get(backend.generate(request(1), backendCall)));

        // then
        assertThat(failure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(failure.timedOut()).isTrue();
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> get(receiver.receiveResult(
                                backendCall.job().key(),
                                expiry(backendCall.job().key()),
                                success().toBuffer()))
                        == CallbackReceipt.CLOSED);

        // and the next owner finds that no result will come
        assertThat(get(backend.lookUp(request(1), sameJob(backendCall))))
                .isInstanceOf(BackendOutcome.JobNotFound.class);

        // when it submits again
        serve((request, job) -> {
            request.response().end();
            report(job, success());
        });

        // then
        assertThat(generated(get(backend.generate(request(1), sameJob(backendCall)))))
                .hasSize(1);
    }

    @Test
    void nextOwnerFindsTheStoredResult() {
        // given a call that ended without a result, as after kill -9
        serve((request, job) -> request.response().end());
        BackendCall backendCall = call(LONG_TIMEOUT);
        Future<BackendOutcome> outcome = backend.generate(request(1), backendCall);
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> !database.query("SELECT 1 FROM callback_jobs").isEmpty());
        backendCall.abort();
        assertThat(get(outcome)).isInstanceOf(BackendOutcome.Aborted.class);

        // when the result arrives, and another node looks it up
        assertThat(get(receiver.receiveResult(
                        backendCall.job().key(),
                        expiry(backendCall.job().key()),
                        success().toBuffer())))
                .isEqualTo(CallbackReceipt.ACCEPTED);
        CallbackBackend nextOwner = createBackend(URI.create("http://127.0.0.1:1"));

        // then
        assertThat(nextOwner.canLookUp(backendCall.job())).isTrue();
        assertThat(generated(get(nextOwner.lookUp(request(1), sameJob(backendCall)))))
                .hasSize(1);
        get(nextOwner.close());
    }

    @Test
    void nextOwnerWaitsForTheResultWithoutASignal() {
        // given a call that ended without a result, and a node that gets no signals
        serve((request, job) -> request.response().end());
        BackendCall backendCall = call(LONG_TIMEOUT);
        Future<BackendOutcome> outcome = backend.generate(request(1), backendCall);
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> !database.query("SELECT 1 FROM callback_jobs").isEmpty());
        backendCall.abort();
        get(outcome);
        NotifyChannel silent = NotifyChannel.open(database.vertx, database.url, database.settings.database());
        CallbackReceiver silentReceiver = new CallbackReceiver(database.database, silent);

        // when
        Future<BackendOutcome> found = backend.lookUp(request(1), sameJob(backendCall));
        get(silentReceiver.receiveResult(
                backendCall.job().key(),
                expiry(backendCall.job().key()),
                success().toBuffer()));

        // then
        generated(get(found));
    }

    @Test
    void lookUpOfAJobThatWasNotSubmittedFindsNothing() {
        assertThat(get(backend.lookUp(request(1), call(LONG_TIMEOUT)))).isInstanceOf(BackendOutcome.JobNotFound.class);
    }

    @Test
    void cancelClosesTheJob() {
        // given
        serve((request, job) -> request.response().end());
        BackendCall backendCall = call(LONG_TIMEOUT);
        Future<BackendOutcome> outcome = backend.generate(request(1), backendCall);
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> !database.query("SELECT 1 FROM callback_jobs").isEmpty());

        // when
        backendCall.abort();
        get(outcome);
        get(backend.cancel(backendCall.job()));

        // then
        assertThat(get(receiver.receiveResult(
                        backendCall.job().key(),
                        expiry(backendCall.job().key()),
                        success().toBuffer())))
                .isEqualTo(CallbackReceipt.CLOSED);
    }

    @Test
    void firstResultWins() {
        // given
        BackendCall backendCall = call(LONG_TIMEOUT);
        UUID jobKey = backendCall.job().key();
        generated(get(backend.generate(request(1), backendCall)));
        String stored = database.queryValue("SELECT convert_from(result, 'UTF8') FROM callback_jobs");

        // then the same body is accepted again, another one is not
        assertThat(get(receiver.receiveResult(jobKey, expiry(jobKey), Buffer.buffer(stored))))
                .isEqualTo(CallbackReceipt.ACCEPTED);
        assertThat(get(receiver.receiveResult(jobKey, expiry(jobKey), success().toBuffer())))
                .isEqualTo(CallbackReceipt.DIFFERENT_RESULT);
        assertThat(get(receiver.receiveProgress(jobKey, expiry(jobKey), 7))).isEqualTo(CallbackReceipt.ACCEPTED);
        assertThat(database.queryValue("SELECT convert_from(result, 'UTF8') FROM callback_jobs"))
                .isEqualTo(stored);
    }

    @Test
    void concurrentResultsAreStoredOnce() {
        // given
        serve((request, job) -> request.response().end());
        BackendCall backendCall = call(LONG_TIMEOUT);
        Future<BackendOutcome> outcome = backend.generate(request(1), backendCall);
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> !database.query("SELECT 1 FROM callback_jobs").isEmpty());

        // when
        List<Future<CallbackReceipt>> receipts = Stream.iterate(1, i -> i + 1)
                .limit(10)
                .map(i -> receiver.receiveResult(
                        backendCall.job().key(),
                        expiry(backendCall.job().key()),
                        success().put("id", String.valueOf(i)).toBuffer()))
                .toList();
        get(Future.join(receipts));

        // then
        assertThat(receipts.stream().map(Future::result).toList())
                .containsOnlyOnce(CallbackReceipt.ACCEPTED)
                .contains(CallbackReceipt.DIFFERENT_RESULT)
                .doesNotContain(CallbackReceipt.CLOSED);
        generated(get(outcome));
    }

    @Test
    void rejectsAResultAfterTheGenerationHasEnded() {
        // given
        serve((request, job) -> request.response().end());
        BackendCall backendCall = call(LONG_TIMEOUT);
        Future<BackendOutcome> outcome = backend.generate(request(1), backendCall);
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> !database.query("SELECT 1 FROM callback_jobs").isEmpty());

        // when
        database.execute("DELETE FROM generation_queue WHERE generation_id = '" + generationId + "'");

        // then
        UUID jobKey = backendCall.job().key();
        assertThat(get(receiver.receiveResult(jobKey, expiry(jobKey), success().toBuffer())))
                .isEqualTo(CallbackReceipt.CLOSED);
        assertThat(get(receiver.receiveProgress(jobKey, expiry(jobKey), 7))).isEqualTo(CallbackReceipt.CLOSED);
        backendCall.abort();
        get(outcome);
    }

    /** Starts a server that handles submissions, and a backend for it. */
    private void serve(BiConsumer<HttpServerRequest, JsonObject> handler) {
        HttpServer server = get(database.vertx
                .createHttpServer()
                .requestHandler(
                        request -> request.body().onSuccess(body -> handler.accept(request, new JsonObject(body))))
                .listen(0, "127.0.0.1"));
        get(backend.close());
        backend = createBackend(URI.create("http://127.0.0.1:" + server.actualPort() + "/jobs"));
    }

    private static void report(JsonObject job, JsonObject report) {
        receiver.receiveResult(
                UUID.fromString(job.getString("id")), expiry(UUID.fromString(job.getString("id"))), report.toBuffer());
    }

    private static JsonObject success() {
        return new JsonObject()
                .put("status", "succeeded")
                .put("images", new JsonArray().add("data:image/png;base64," + PNG));
    }

    private BackendCall call(Duration timeout) {
        return new BackendCall(timeout, JobReference.of(UUID.randomUUID()), listener);
    }

    private BackendCall sameJob(BackendCall backendCall) {
        return new BackendCall(LONG_TIMEOUT, backendCall.job(), listener);
    }

    private ImageRequest request(int count) {
        return new ImageRequest(generationId.toString(), "a fox", null, 96, 64, count, 7, null);
    }

    private BackendOutcome generate(ImageRequest request) {
        return get(backend.generate(request, call(LONG_TIMEOUT)));
    }

    private static CallbackBackend createBackend(URI url) {
        Settings.Backend settings = TestSettings.with(
                TestSettings.DEFAULTS.backend(),
                "apiKey",
                new Secret("secret-key"),
                "maxResponseBytes",
                MAX_BYTES,
                "maxImageBytes",
                MAX_BYTES / 2);
        return new CallbackBackend(
                database.vertx,
                settings,
                url,
                new ResponseMemoryBudget(Runtime.getRuntime().maxMemory(), 4, MAX_BYTES),
                65_536,
                new CallbackServices(
                        database.database,
                        database.notifyChannel,
                        tokens,
                        () -> "http://127.0.0.1:" + api.actualPort()));
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
            return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Returns the expiry of the token of a job; 0 when there is no job. */
    private static long expiry(UUID jobKey) {
        return database
                .query("SELECT floor(extract(epoch FROM deadline))::bigint + 60 FROM callback_jobs WHERE job_key = '"
                        + jobKey + "'")
                .stream()
                .findFirst()
                .map(Long::parseLong)
                .orElse(0L);
    }
}
