package dev.darkroom.backend.replicate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.HealthCheckResult;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.NumberRange;
import dev.darkroom.backend.ServerLimits;
import dev.darkroom.backend.http.InputFields;
import dev.darkroom.config.BackendType;
import dev.darkroom.image.Image;
import dev.darkroom.testing.RecordedExchanges;
import io.vertx.core.Future;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** {@link CogBackend} with the simulator. */
class CogBackendTest extends CogFixture {
    private static final RecordedExchanges RECORDED = RecordedExchanges.load("cog-0.23.1");
    private static final JsonObject LONG_PREDICTION = new JsonObject().put("delay", "10m");

    @Test
    void returnsTheRequestedImages() {
        // when
        List<Image> images = generated(generate(request(3)));

        // then
        assertThat(images).hasSize(3).doesNotHaveDuplicates().allSatisfy(image -> {
            assertThat(image.width()).isEqualTo(96);
            assertThat(image.height()).isEqualTo(64);
        });
    }

    @Test
    void namesThePredictionByTheKeyOfTheJob() {
        // given
        BackendCall backendCall = new BackendCall(LONG_TIMEOUT);

        // when
        generated(get(backend.generate(requestWithAllFields("ignored"), backendCall)));

        // then
        JsonObject received = simulator.recordedRequests().get(0);
        assertThat(received.getString("key")).isEqualTo(backendCall.job().key().toString());
        assertThat(received.getJsonObject("body")).isEqualTo(BODY_WITH_ALL_FIELDS);
    }

    @Test
    void sendsParametersAsInputsThatReplaceNone() {
        // given
        JsonObject parameters = new JsonObject().put("num_inference_steps", 4).put("seed", 1);

        // when
        generated(
                generate(new ImageRequest("key", "a fox", null, 96, 64, 1, 7, null, parameters, InputImages.NONE, 0)));

        // then
        JsonObject body = simulator.recordedRequests().get(0).getJsonObject("body");
        assertThat(body.fieldNames()).containsExactly("input");
        assertThat(body.getJsonObject("input").getInteger("num_inference_steps"))
                .isEqualTo(4);
        assertThat(body.getJsonObject("input").getInteger("seed")).isEqualTo(7);
    }

    @Test
    void sendsNoInputWithoutAName() {
        // given
        ImageBackend other = new CogBackend(
                vertx,
                settings(BackendType.COG, null),
                simulatorUrl(),
                memory(),
                MAX_HEADER_BYTES,
                InputFields.parse("prompt, seed"));

        // when
        generated(get(other.generate(
                new ImageRequest("key", "a <lora:x> fox", "text", 96, 64, 1, 7, null, null, InputImages.NONE, 0),
                new BackendCall(LONG_TIMEOUT))));
        get(other.close());

        // then
        assertThat(simulator.recordedRequests().get(0).getJsonObject("body").getJsonObject("input"))
                .isEqualTo(new JsonObject().put("prompt", "a \u2039lora:x> fox").put("seed", 7));
    }

    @Test
    void downloadsImagesOfAContainerWithAnUploadUrl() {
        simulator.script(flag("urlResult"));
        assertThat(generated(generate(request(2)))).hasSize(2);
    }

    @Test
    void aBusyContainerIsRetryable() {
        // given
        simulator.script(LONG_PREDICTION);
        BackendCall running = new BackendCall(LONG_TIMEOUT);
        Future<BackendOutcome> first = backend.generate(request(1), running);
        await().until(() -> simulator.recordedRequests().size() == 1);

        // when
        BackendFailure failure = failed(generate(request(1)));

        // then
        assertThat(failure.code()).isEqualTo("AT_CAPACITY");
        assertThat(failure.failureClass()).isEqualTo(FailureClass.REJECTED_RETRYABLE);
        assertThat(failure.httpStatus()).isEqualTo(409);

        // when the connection is closed, then the container cancels the prediction and has a free slot
        running.abort();
        assertThat(get(first)).isInstanceOf(BackendOutcome.Aborted.class);
        await().until(() -> generate(request(1)) instanceof BackendOutcome.Generated);
    }

    @Test
    void theResultOfARunningPredictionCannotBeFetched() {
        // given a request that a proxy sends twice
        simulator.script(LONG_PREDICTION);
        BackendCall backendCall = new BackendCall(LONG_TIMEOUT);
        Future<BackendOutcome> first = backend.generate(request(1), backendCall);
        await().until(() -> simulator.recordedRequests().size() == 1);

        // when
        BackendCall again = new BackendCall(LONG_TIMEOUT, backendCall.job(), backendCall.jobListener());
        BackendFailure failure = failed(get(backend.generate(request(1), again)));

        // then
        assertThat(failure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(failure.code()).isEqualTo("JOB_ALREADY_RUNNING");
        backendCall.abort();
        get(first);
    }

    @Test
    void cannotLookUp() {
        assertThat(backend.canLookUp(JobReference.of(UUID.randomUUID()))).isFalse();
        assertThat(backend.canLookUp(new JobReference(UUID.randomUUID(), "id"))).isFalse();
        assertThat(simulator.recordedRequests()).isEmpty();
    }

    @Test
    void cancelsItsPredictionOnly() {
        // given
        simulator.script(LONG_PREDICTION);
        BackendCall backendCall = new BackendCall(LONG_TIMEOUT);
        Future<BackendOutcome> outcome = backend.generate(request(1), backendCall);
        await().until(() -> simulator.recordedRequests().size() == 1);

        // when another job is canceled
        get(backend.cancel(JobReference.of(UUID.randomUUID())));

        // then
        assertThat(outcome.isComplete()).isFalse();

        // when
        get(backend.cancel(backendCall.job()));

        // then
        assertThat(failed(get(outcome)).code()).isEqualTo("JOB_CANCELED");
    }

    @Test
    void endsAtTheTimeout() {
        simulator.script(flag("hang"));
        BackendFailure failure = failed(get(backend.generate(request(1), new BackendCall(Duration.ofMillis(300)))));
        assertThat(failure.timedOut()).isTrue();
        assertThat(failure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        await().until(() -> simulator.recordedRequests().get(0).getString("closedAt") != null);
    }

    @Test
    void anUnreachableContainerGotNothing() {
        ImageBackend other = createBackend(URI.create("http://127.0.0.1:1"));
        BackendOutcome outcome = get(other.generate(request(1), new BackendCall(LONG_TIMEOUT)));
        assertThat(failed(outcome).failureClass()).isEqualTo(FailureClass.NOT_SENT);
        assertThat(get(other.checkHealth(Duration.ofSeconds(20)))).isEqualTo(HealthCheckResult.UNREACHABLE);
        get(other.close());
    }

    @Test
    void readsTheLimitsOfTheModel() {
        // when
        ServerLimits limits = get(backend.readLimits(null, Set.of("num_inference_steps"), LONG_TIMEOUT))
                .orElseThrow();

        // then
        assertThat(limits.width()).isEqualTo(NumberRange.between(64, 2048));
        assertThat(limits.count()).isEqualTo(NumberRange.between(1, 10));
        assertThat(limits.unsupported()).isEmpty();
        assertThat(limits.parameters().get("num_inference_steps").getInteger("maximum"))
                .isEqualTo(50);
    }

    @Test
    void containerWithoutASchemaHasNoLimitsAndLogsNoError() {
        // given
        HttpServer container = get(vertx.createHttpServer()
                .requestHandler(request -> request.response().end("{}"))
                .listen(0, "127.0.0.1"));
        ImageBackend other = createBackend(URI.create("http://127.0.0.1:" + container.actualPort()));
        Logger logger = (Logger) LoggerFactory.getLogger("dev.darkroom.backend");
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.addAppender(log);

        // when
        boolean read =
                get(other.readLimits(null, Set.of(), LONG_TIMEOUT).map(true).otherwise(false));

        // then
        logger.detachAppender(log);
        get(other.close());
        assertThat(read).isFalse();
        assertThat(log.list).noneMatch(event -> event.getLevel().isGreaterOrEqual(Level.WARN));
    }

    @ParameterizedTest
    @CsvSource({
        "health ready, PASSED",
        "health busy, PASSED",
        "health starting, FAILED",
        "health setup failed, FAILED",
        "health after the worker was killed, FAILED"
    })
    void evaluatesTheRecordedStates(String name, HealthCheckResult expected) {
        // given
        simulator.script(new JsonObject()
                .put("status", 200)
                .put("body", RECORDED.responseObject(name))
                .put("models", true));

        // then
        assertThat(get(backend.checkHealth(Duration.ofSeconds(20)))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        {"status":200,"body":{"status":"DEFUNCT"},"models":true} | FAILED
        {"status":503,"models":true}                             | FAILED
        {"status":401,"models":true}                             | PASSED
        {"status":200,"body":[1],"models":true}                  | PASSED
        """)
    void evaluatesOtherResponsesOfTheHealthCheck(String step, HealthCheckResult expected) {
        simulator.script(new JsonObject(step));
        assertThat(get(backend.checkHealth(Duration.ofSeconds(20)))).isEqualTo(expected);
    }
}
