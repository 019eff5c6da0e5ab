package dev.darkroom.backend.automatic1111;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.HealthCheckResult;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.Secret;
import dev.darkroom.config.TestSettings;
import dev.darkroom.image.Image;
import dev.darkroom.image.TestImages;
import io.vertx.core.Future;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@link Automatic1111Backend} with the simulator, over real sockets. */
class Automatic1111BackendTest extends Automatic1111Fixture {
    private static final JsonObject LONG_GENERATION = new JsonObject().put("delay", "10m");

    @Test
    void returnsTheRequestedImages() {
        // when
        BackendOutcome one = generate(request(1));
        BackendOutcome three = generate(request(3));

        // then
        List<Image> images = generated(three);
        assertThat(images).hasSize(3).allSatisfy(image -> {
            assertThat(image.width()).isEqualTo(96);
            assertThat(image.height()).isEqualTo(64);
        });
        assertThat(images.get(0)).isEqualTo(generated(one).get(0)).isNotEqualTo(images.get(1));
    }

    @Test
    void removesThePromptFromTheImages() {
        // given
        byte[] png = TestImages.pngWithChunk(96, 64, "tEXt", "parameters\0a secret fox, Steps: 20");
        JsonArray images = new JsonArray().add(Base64.getEncoder().encodeToString(png));
        simulator.script(new JsonObject().put("status", 200).put("body", new JsonObject().put("images", images)));

        // when
        Image image = generated(generate(request(1))).get(0);

        // then
        assertThat(image.bytes().toBytes()).isEqualTo(TestImages.png(96, 64));
    }

    @Test
    void sendsOnlyFieldsThatControlTheImage() {
        // given
        BackendCall backendCall = new BackendCall(LONG_TIMEOUT);

        // when
        generated(generate(
                new ImageRequest("key", "a fox ü", "text", 96, 64, 2, 77, "ignored", null, InputImages.NONE, 0),
                backendCall));

        // then
        JsonObject received = simulator.recordedRequests().get(0);
        assertThat(received.getJsonObject("body"))
                .isEqualTo(new JsonObject()
                        .put("prompt", "a fox ü")
                        .put("negative_prompt", "text")
                        .put("width", 96)
                        .put("height", 64)
                        .put("seed", 77)
                        .put("batch_size", 2)
                        .put("n_iter", 1)
                        .put("send_images", true)
                        .put("save_images", false)
                        .put("force_task_id", backendCall.job().key().toString()));
        assertThat(received.getBoolean("authorization")).isFalse();
    }

    @Test
    void omitsFieldsThatAreNotConfigured() {
        // given
        Automatic1111Backend plain = createBackend(simulatorUrl(), "requestFields", Set.of());

        // when
        generated(get(plain.generate(
                new ImageRequest("key", "a fox", "text", 96, 64, 1, 7, null, null, InputImages.NONE, 0),
                new BackendCall(LONG_TIMEOUT))));

        // then
        assertThat(simulator.recordedRequests().get(0).getJsonObject("body").fieldNames())
                .doesNotContain("seed", "negative_prompt");
        assertThat(plain.limits(null).negativePrompt()).isFalse();
        assertThat(plain.limits(null).seed()).isNull();
        get(plain.close());
    }

    @Test
    void sendsParametersAsFieldsThatReplaceNone() {
        // given
        JsonObject parameters = new JsonObject().put("steps", 30).put("batch_size", 8);

        // when
        generated(
                generate(new ImageRequest("key", "a fox", null, 96, 64, 1, 7, null, parameters, InputImages.NONE, 0)));

        // then
        JsonObject body = simulator.recordedRequests().get(0).getJsonObject("body");
        assertThat(body.getInteger("steps")).isEqualTo(30);
        assertThat(body.getInteger("batch_size")).isEqualTo(1);
        assertThat(parameters).hasSize(2);
    }

    @Test
    void neutralizesTagsUnlessTheyAreAllowed() {
        // given
        ImageRequest tagged = new ImageRequest(
                "key", "[a|b] <lora:x:1> <other:y>", "<hypernet:z:1>", 96, 64, 1, 7, null, null, InputImages.NONE, 0);
        Automatic1111Backend passing =
                createBackend(simulatorUrl(), "promptSanitizing", BackendSettings.PromptSanitizing.PASS);

        // when
        generated(generate(tagged));
        generated(get(passing.generate(tagged, new BackendCall(LONG_TIMEOUT))));

        // then
        List<JsonObject> bodies = simulator.recordedRequests().stream()
                .map(received -> received.getJsonObject("body"))
                .toList();
        assertThat(bodies.get(0).getString("prompt")).isEqualTo("[a|b] \u2039lora:x:1> \u2039other:y>");
        assertThat(bodies.get(0).getString("negative_prompt")).isEqualTo("\u2039hypernet:z:1>");
        assertThat(bodies.get(1).getString("prompt")).isEqualTo(tagged.prompt());
        get(passing.close());
    }

    @Test
    void ignoresTheContentType() {
        // given
        simulator.script(new JsonObject().put("contentType", "text/plain"));

        // then
        assertThat(generated(generate(request(1)))).hasSize(1);
    }

    @Test
    void doesNotReadAnErrorFromThePromptOfAnEmptyResponse() {
        // given
        JsonObject info = new JsonObject().put("prompt", "content_policy_violation");
        JsonObject body = new JsonObject().put("images", List.of()).put("info", info.encode());
        simulator.script(new JsonObject().put("status", 200).put("body", body));

        // then
        assertThat(failed(generate(request(1))).code()).isEqualTo("EMPTY_RESPONSE");
    }

    @Test
    void respectsRetryAfter() {
        // given
        simulator.script(new JsonObject().put("status", 429).put("retryAfter", "7"));

        // then
        assertThat(failed(generate(request(1))).retryAfter()).isEqualTo(Duration.ofSeconds(7));
    }

    @Test
    void timesOutAndSubmitsOnce() {
        // given
        simulator.script(new JsonObject().put("hang", true));

        // when
        BackendFailure failure = failed(generate(request(1), new BackendCall(Duration.ofSeconds(2))));

        // then
        assertThat(failure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(failure.timedOut()).isTrue();
        assertThat(simulator.recordedRequests()).hasSize(1);
        awaitClosedConnection();
    }

    @Test
    void repeatAfterALostResponseReturnsTheSameImage() {
        // given
        simulator.script(new JsonObject().put("drop", true));

        // when
        failed(generate(request(1)));
        Image repeated = generated(generate(request(1))).get(0);

        // then
        assertThat(repeated).isEqualTo(generated(generate(request(1))).get(0));
    }

    @Test
    void cannotLookUpAJob() {
        // given
        JobReference job = JobReference.of(UUID.randomUUID());

        // then
        assertThat(backend.canLookUp(job)).isFalse();
        assertThat(get(backend.lookUp(request(1), new BackendCall(LONG_TIMEOUT, job, JobListener.NONE))))
                .isInstanceOf(BackendOutcome.JobNotFound.class);
        assertThat(simulator.recordedRequests()).isEmpty();
    }

    @Test
    void reportsProgressOfARunningAndPositionOfAWaitingJob() {
        // given a job that runs, and one that waits behind it
        simulator.script(LONG_GENERATION);
        RecordingJobListener running = new RecordingJobListener();
        RecordingJobListener waiting = new RecordingJobListener();
        BackendCall first = new BackendCall(LONG_TIMEOUT, JobReference.of(UUID.randomUUID()), running);
        BackendCall second = new BackendCall(LONG_TIMEOUT, JobReference.of(UUID.randomUUID()), waiting);
        Future<BackendOutcome> firstOutcome = backend.generate(request(1), first);
        awaitSubmissionCount(1);
        Future<BackendOutcome> secondOutcome = backend.generate(request(1), second);

        // when both have been asked for
        await().atMost(60, TimeUnit.SECONDS).until(() -> !running.progress.isEmpty() && !waiting.progress.isEmpty());
        get(backend.cancel(first.job()));

        // then the server continues with the second
        generated(get(firstOutcome));
        generated(get(secondOutcome));
        assertThat(running.progress)
                .allSatisfy(progress -> assertThat(progress.percent()).isBetween(0, 100));
        assertThat(waiting.progress).contains(new JobProgress(null, 1));
        assertThat(running.accepted).isEmpty();
    }

    @Test
    void interruptsOnlyItsOwnRunningJob() {
        // given a job that runs, and one that waits behind it
        simulator.script(LONG_GENERATION);
        BackendCall running = new BackendCall(LONG_TIMEOUT);
        BackendCall waiting = new BackendCall(LONG_TIMEOUT);
        Future<BackendOutcome> runningOutcome = backend.generate(request(1), running);
        awaitSubmissionCount(1);
        Future<BackendOutcome> waitingOutcome = backend.generate(request(1), waiting);
        awaitSubmissionCount(2);

        // when the waiting job and an unknown job are canceled
        get(backend.cancel(waiting.job()));
        get(backend.cancel(JobReference.of(UUID.randomUUID())));

        // then both jobs continue
        assertThat(runningOutcome.isComplete()).isFalse();
        assertThat(waitingOutcome.isComplete()).isFalse();

        // when the running job is canceled
        get(backend.cancel(running.job()));

        // then
        generated(get(runningOutcome));
        generated(get(waitingOutcome));
    }

    @Test
    void abortClosesTheConnection() {
        // given
        simulator.script(LONG_GENERATION);
        BackendCall backendCall = new BackendCall(LONG_TIMEOUT);
        Future<BackendOutcome> outcome = backend.generate(request(1), backendCall);
        awaitSubmissionCount(1);

        // when
        backendCall.abort();

        // then the server still generates, until the job is canceled
        assertThat(get(outcome)).isInstanceOf(BackendOutcome.Aborted.class);
        awaitClosedConnection();
        get(backend.cancel(backendCall.job()));
        generated(generate(request(1)));
    }

    @Test
    void cancelNeverFails() {
        // given
        Automatic1111Backend unreachable = new Automatic1111Backend(
                vertx, backendSettings(), URI.create("http://127.0.0.1:1"), memory(), MAX_HEADER_BYTES);

        // then
        get(unreachable.cancel(JobReference.of(UUID.randomUUID())));
        get(unreachable.close());
    }

    @ParameterizedTest
    @CsvSource({"user:pass:word, Basic dXNlcjpwYXNzOndvcmQ=", "token, Bearer token", "'', "})
    void sendsCredentials(String apiKey, String expected) {
        // given
        AtomicReference<String> received = new AtomicReference<>("none");
        HttpServer server = get(vertx.createHttpServer()
                .requestHandler(request -> {
                    received.set(request.getHeader("Authorization"));
                    request.response().setStatusCode(401).end();
                })
                .listen(0, "127.0.0.1"));
        Automatic1111Backend authenticated = new Automatic1111Backend(
                vertx,
                settings("apiKey", new Secret(apiKey)),
                URI.create("http://127.0.0.1:" + server.actualPort()),
                memory(),
                MAX_HEADER_BYTES);

        // when
        BackendFailure failure = failed(get(authenticated.generate(request(1), new BackendCall(LONG_TIMEOUT))));

        // then
        assertThat(failure.failureClass()).isEqualTo(FailureClass.TERMINAL_AUTH);
        assertThat(received.get()).isEqualTo(expected);
        get(authenticated.close());
        get(server.close());
    }

    @Test
    void checksHealth() {
        // given
        BackendSettings.Breaker breaker =
                TestSettings.with(backendSettings().breaker(), "healthCheckPath", "/sdapi/v1/samplers");
        Automatic1111Backend checked = createBackend(simulatorUrl(), "breaker", breaker);

        // then
        assertThat(get(checked.checkHealth(LONG_TIMEOUT))).isEqualTo(HealthCheckResult.PASSED);
        simulator.script(new JsonObject().put("status", 503).put("models", true));
        assertThat(get(checked.checkHealth(LONG_TIMEOUT))).isEqualTo(HealthCheckResult.FAILED);
        get(checked.close());
    }
}
