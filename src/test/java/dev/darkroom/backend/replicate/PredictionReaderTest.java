package dev.darkroom.backend.replicate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendFixture;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.backend.http.ImageSource;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.image.ChunkedBytes;
import dev.darkroom.image.TestImages;
import dev.darkroom.testing.GeneratedDocumentSection;
import dev.darkroom.testing.RecordedExchanges;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Responses recorded from genuine servers, and errors that models of Replicate report. */
class PredictionReaderTest extends BackendFixture {
    private static final RecordedExchanges COG = RecordedExchanges.load("cog-0.23.1");
    private static final RecordedExchanges REPLICATE = RecordedExchanges.load("replicate");

    private static Vertx vertx;
    private static BackendHttpClient http;
    private static PredictionReader reader;

    @BeforeAll
    static void start() {
        vertx = Vertx.vertx();
        http = new BackendHttpClient(
                vertx,
                settings(),
                URI.create("http://127.0.0.1"),
                memory(),
                MAX_HEADER_BYTES,
                BackendHttpClient::bearerToken);
        reader = new PredictionReader(http, MAX_BYTES);
    }

    @AfterAll
    static void stop() {
        get(http.close());
        get(vertx.close());
    }

    private static OutboundResponse response(int status, Object body) {
        byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
        return new OutboundResponse(status, MultiMap.caseInsensitiveMultiMap(), ChunkedBytes.of(bytes), false);
    }

    private static Prediction read(RecordedExchanges recorded, String name, int count) {
        return reader.read(response(recorded.status(name), recorded.response(name)), count);
    }

    @Test
    void readsTheImagesOfACogContainer() {
        // when
        Prediction prediction = read(COG, "success", 2);

        // then
        assertThat(prediction.ended()).isTrue();
        assertThat(prediction.failure()).isNull();
        assertThat(prediction.images()).hasSize(2).allSatisfy(image -> {
            byte[] bytes = ((ImageSource.Inline) image).bytes().toBytes();
            assertThat(bytes).startsWith(0x89, 'P', 'N', 'G');
        });
    }

    @Test
    void readsTheUrlsOfReplicate() {
        // when
        Prediction created = read(REPLICATE, "created", 1);
        Prediction running = read(REPLICATE, "processing", 1);
        Prediction succeeded = read(REPLICATE, "succeeded", 1);

        // then
        assertThat(created.id()).isEqualTo("abc123");
        assertThat(created.ended()).isFalse();
        assertThat(running.ended()).isFalse();
        assertThat(running.percent()).isNull();
        assertThat(succeeded.images()).singleElement().isInstanceOf(ImageSource.Link.class);
    }

    @Test
    void aTextIsNoImage() {
        // given the documented prediction of a model for texts
        Prediction prediction = read(REPLICATE, "documented prediction", 1);

        // then its download would fail as an invalid URL
        assertThat(prediction.images()).containsExactly(new ImageSource.Link("hello Alice"));
    }

    @Test
    void aRunningPredictionOfACogContainerHasNotEnded() {
        assertThat(read(COG, "same id while running", 1).ended()).isFalse();
        assertThat(read(COG, "same id after the connection was dropped", 1).ended())
                .isFalse();
    }

    /** A response recorded from a cog container, and the failure that it becomes. */
    record RecordedFailure(String name, FailureClass failureClass, String code) {}

    static Stream<RecordedFailure> recordedFailures() {
        return Stream.of(
                new RecordedFailure("moderation", FailureClass.MODERATED, "MODERATED"),
                new RecordedFailure("failure", FailureClass.SERVER_ERROR, "ERROR_IN_RESPONSE"),
                new RecordedFailure("worker killed", FailureClass.SERVER_ERROR, "ERROR_IN_RESPONSE"),
                new RecordedFailure("canceled", FailureClass.SERVER_ERROR, "JOB_CANCELED"),
                new RecordedFailure("missing input", FailureClass.TERMINAL_INPUT, "INVALID_REQUEST"),
                new RecordedFailure("input too small", FailureClass.TERMINAL_INPUT, "INVALID_REQUEST"),
                new RecordedFailure("malformed request", FailureClass.TERMINAL_INPUT, "INVALID_REQUEST"),
                new RecordedFailure("in setup", FailureClass.REJECTED_RETRYABLE, "UNAVAILABLE"),
                new RecordedFailure("after setup failed", FailureClass.REJECTED_RETRYABLE, "UNAVAILABLE"));
    }

    @ParameterizedTest
    @MethodSource("recordedFailures")
    void mapsFailuresRecordedFromACogContainer(RecordedFailure recorded) {
        BackendFailure failure = readFailure(recorded.name());
        assertThat(failure.failureClass()).isEqualTo(recorded.failureClass());
        assertThat(failure.code()).isEqualTo(recorded.code());
    }

    /** Returns the failure of a prediction, or of a response without one. */
    private static BackendFailure readFailure(String name) {
        try {
            return read(COG, name, 1).failure();
        } catch (BackendCallException e) {
            assertThat(COG.status(name)).isGreaterThanOrEqualTo(400);
            return e.failure();
        }
    }

    @Test
    void documentsRecordedFailures() {
        StringBuilder table = new StringBuilder("| response | status | class | code |\n|---|---|---|---|\n");
        recordedFailures()
                .forEach(recorded -> table.append("| %s | %d | `%s` | `%s` |\n"
                        .formatted(
                                recorded.name(),
                                COG.status(recorded.name()),
                                recorded.failureClass(),
                                recorded.code())));
        new GeneratedDocumentSection(
                        "docs/backends/cog.md",
                        "recorded",
                        "the recordings of PredictionReaderTest",
                        "./mvnw test -Dtest=PredictionReaderTest")
                .assertContent(table.toString());
    }

    @ParameterizedTest
    @CsvSource({"rate limit, PT1S", "documented rate limit, PT30S"})
    void readsTheDelayOfARateLimit(String name, Duration expected) {
        assertThatThrownBy(() -> read(REPLICATE, name, 1))
                .isInstanceOfSatisfying(
                        BackendCallException.class,
                        e -> assertThat(e.failure().retryAfter()).isEqualTo(expected));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        NSFW content detected. Try running it again, or try a different prompt.                                 | MODERATED
        All generated images contained NSFW content. Try running it again with a different prompt.               | MODERATED
        Error generating image: NSFW content was detected                                                       | MODERATED
        The input or output was flagged as sensitive. Please try again with different inputs. (E005)             | MODERATED
        Content was flagged by the safety checker                                                               | MODERATED
        Prediction failed: CUDA out of memory. Tried to allocate 20.00 MiB                                       | SERVER_ERROR
        Prediction interrupted; please retry (code: PA)                                                         | SERVER_ERROR
        The instance was flagged as unhealthy                                                                   | SERVER_ERROR
        E1001: Model ran out of memory                                                                          | SERVER_ERROR
        """)
    void classifiesTheTextOfAFailure(String error, FailureClass expected) {
        JsonObject prediction =
                new JsonObject().put("id", "a").put("status", "failed").put("error", error);
        assertThat(reader.read(response(200, prediction), 1).failure().failureClass())
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        {"id":"a","status":"aborted","output":null}                            | REJECTED_RETRYABLE | JOB_NOT_STARTED
        {"id":"a","status":"canceled","output":null}                           | SERVER_ERROR       | JOB_CANCELED
        {"id":"a","status":"failed","error":null}                              | SERVER_ERROR       | ERROR_IN_RESPONSE
        {"id":"a","status":"succeeded","output":null,"data_removed":true}      | RESULT_LOST        | RESULT_EXPIRED
        {"id":"a","status":"succeeded","output":null,"data_removed":false}     | INVALID_RESULT     | EMPTY_RESPONSE
        {"id":"a","status":"succeeded","output":[""]}                          | INVALID_RESULT     | EMPTY_RESPONSE
        {"id":"a","status":"succeeded","output":{"image":"https://a/b.png"}}   | INVALID_RESULT     | EMPTY_RESPONSE
        {"id":"a","status":"succeeded","output":["https://a/b.png"]}           | INVALID_RESULT     | TOO_FEW_IMAGES
        """)
    void mapsEndsWithoutImages(String prediction, FailureClass expectedClass, String expectedCode) {
        Prediction read = reader.read(response(200, prediction), 2);
        assertThat(read.failure().failureClass()).isEqualTo(expectedClass);
        assertThat(read.failure().code()).isEqualTo(expectedCode);
        assertThat(read.failure().httpStatus()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        {"id":"../../account","status":"starting"} |
        {"id":"","status":"starting"}              |
        {"id":7,"status":"starting"}               |
        {"status":"starting"}                      |
        {"id":"a_B-1","status":"starting"}         | a_B-1
        """)
    void acceptsIdsThatAreSafeInAPath(String prediction, String expected) {
        assertThat(reader.read(response(201, prediction), 1).id()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
                    Using seed: 1                                              ;
                    '  0%|          | 0/50 [00:00<?, ?it/s]'                   ; 0
                    ' 0%|    | 0/50\r 42%|████▏     | 21/50 [00:01<00:01]'      ; 42
                    100%|██████████| 50/50                                     ; 100
                    """)
    void readsTheProgressBarOfTheLog(String log, Integer expected) {
        // given a long log before the bar
        String logs = "loading\n".repeat(20_000) + log;
        JsonObject prediction =
                new JsonObject().put("id", "a").put("status", "processing").put("logs", logs);

        // then
        assertThat(reader.read(response(200, prediction), 1).percent()).isEqualTo(expected);
        prediction.put("completed_at", null);
        assertThat(reader.read(response(200, prediction), 1).percent()).isEqualTo(expected);
    }

    @Test
    void ignoresMoreImagesThanRequested() {
        String url = "data:image/png;base64," + Base64.getEncoder().encodeToString(TestImages.png(8, 8));
        JsonObject prediction = new JsonObject()
                .put("status", "succeeded")
                .put("output", new JsonArray().add(url).add("https://a/b.png").add("data:,not decoded"));
        assertThat(reader.read(response(200, prediction), 2).images())
                .hasSize(2)
                .last()
                .isEqualTo(new ImageSource.Link("https://a/b.png"));
    }
}
