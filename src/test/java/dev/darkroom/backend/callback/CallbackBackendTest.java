package dev.darkroom.backend.callback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.auth.CallbackTokens;
import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.image.Image;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link CallbackBackend} with the simulator or a scripted server, a database and real sockets. */
@Tag("database")
@Timeout(300)
class CallbackBackendTest extends CallbackFixture {
    private static final String PNG =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    @Test
    void returnsTheReportedImages() {
        // when
        List<Image> images = generated(generate(request(2), call(LONG_TIMEOUT)));

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
        assertThat(generated(generate(request(2), call(LONG_TIMEOUT)))).hasSize(2);
        assertThat(simulator.recordedRequests()).hasSize(1);
    }

    @Test
    void sendsTheDocumentedFields() {
        // given
        BackendCall backendCall = call(LONG_TIMEOUT);
        ImageRequest request = new ImageRequest(
                generationId.toString(), "a fox", "text", 96, 64, 1, 77, "flux", null, InputImages.NONE, 0);

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

    @Test
    void sendsParametersAsAMember() {
        // given
        JsonObject parameters =
                new JsonObject().put("prompt", "other").put("style", new JsonObject().put("strength", 0.5));

        // when
        generated(generate(new ImageRequest(
                generationId.toString(), "a fox", null, 96, 64, 1, 7, null, parameters, InputImages.NONE, 0)));

        // then
        JsonObject body = simulator.recordedRequests().get(0).getJsonObject("body");
        assertThat(body.getJsonObject("parameters")).isEqualTo(parameters);
        assertThat(body.getString("prompt")).isEqualTo("a fox");
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 429, 500, 503})
    void rejectedSubmissionClosesTheJob(int status) {
        // given
        simulator.script(new JsonObject().put("status", status));

        // when
        failed(generate(request(1), call(LONG_TIMEOUT)));

        // then
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> database.query("SELECT 1 FROM callback_jobs").isEmpty());
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
        BackendFailure failure = failed(generate(request(1), call(LONG_TIMEOUT)));

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
        assertThat(generated(generate(request(1), call(LONG_TIMEOUT)))).hasSize(1);
    }

    @Test
    void waitsForTheResultWhenTheResponseIsLost() {
        // given
        serve((request, job) -> request.connection().close().onSuccess(closed -> report(job, success())));

        // then
        assertThat(generated(generate(request(1), call(LONG_TIMEOUT)))).hasSize(1);
    }

    @Test
    void reportsTheIdOfTheAcceptedJob() {
        // given
        serve((request, job) -> request.response().setStatusCode(202).end("{\"id\":\"job-7\"}"));
        BackendCall backendCall = call(LONG_TIMEOUT);

        // when
        Future<BackendOutcome> outcome = backend.generate(request(1), backendCall);
        await().atMost(60, TimeUnit.SECONDS).until(() -> listener.accepted.contains("job-7"));
        get(receive(backendCall, success()));

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
            assertThat(generated(generate(request(1), call(LONG_TIMEOUT))))
                    .as(body)
                    .hasSize(1);
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
        get(receive(backendCall, success()));

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
                .until(() -> get(receive(backendCall, success())) == CallbackReceipt.CLOSED);

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

    /** Submits a job, and waits until it is stored. */
    private Future<BackendOutcome> submitWithoutResult(BackendCall backendCall) {
        serve((request, job) -> request.response().end());
        Future<BackendOutcome> outcome = backend.generate(request(1), backendCall);
        awaitJob();
        return outcome;
    }

    @Test
    void nextOwnerFindsTheStoredResult() {
        // given a call that ended without a result, as after kill -9
        BackendCall backendCall = call(LONG_TIMEOUT);
        Future<BackendOutcome> outcome = submitWithoutResult(backendCall);
        backendCall.abort();
        assertThat(get(outcome)).isInstanceOf(BackendOutcome.Aborted.class);

        // when the result arrives, and another node looks it up
        assertThat(get(receive(backendCall, success()))).isEqualTo(CallbackReceipt.ACCEPTED);
        CallbackBackend nextOwner = callbackBackend(URI.create("http://127.0.0.1:1"));

        // then
        assertThat(nextOwner.canLookUp(backendCall.job())).isTrue();
        assertThat(generated(get(nextOwner.lookUp(request(1), sameJob(backendCall)))))
                .hasSize(1);
        get(nextOwner.close());
    }

    @Test
    void nextOwnerWaitsForTheResultWithoutASignal() {
        // given a call that ended without a result, and a node that gets no signals
        BackendCall backendCall = call(LONG_TIMEOUT);
        Future<BackendOutcome> outcome = submitWithoutResult(backendCall);
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
        BackendCall backendCall = call(LONG_TIMEOUT);
        Future<BackendOutcome> outcome = submitWithoutResult(backendCall);

        // when
        backendCall.abort();
        get(outcome);
        get(backend.cancel(backendCall.job()));

        // then
        assertThat(get(receive(backendCall, success()))).isEqualTo(CallbackReceipt.CLOSED);
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
        BackendCall backendCall = call(LONG_TIMEOUT);
        Future<BackendOutcome> outcome = submitWithoutResult(backendCall);

        // when
        List<Future<CallbackReceipt>> receipts = Stream.iterate(1, i -> i + 1)
                .limit(10)
                .map(i -> receive(backendCall, success().put("id", String.valueOf(i))))
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
        BackendCall backendCall = call(LONG_TIMEOUT);
        Future<BackendOutcome> outcome = submitWithoutResult(backendCall);

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
        backend = callbackBackend(URI.create("http://127.0.0.1:" + server.actualPort() + "/jobs"));
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

    /** Waits until a job is stored. */
    private static void awaitJob() {
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> !database.query("SELECT 1 FROM callback_jobs").isEmpty());
    }

    private static Future<CallbackReceipt> receive(BackendCall backendCall, JsonObject report) {
        UUID jobKey = backendCall.job().key();
        return receiver.receiveResult(jobKey, expiry(jobKey), report.toBuffer());
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
