package dev.darkroom.backend.sdserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobReference;
import dev.darkroom.image.TestImages;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Polls of {@link SdServerBackend}, with responses that the simulator does not send. */
class SdServerPollTest extends SdServerFixture {
    private static final String ID = "job_6a0b1c2d_00000007";
    private static final JsonObject COMPLETED = job("completed")
            .put(
                    "result",
                    new JsonObject()
                            .put("output_format", "png")
                            .put(
                                    "images",
                                    new JsonArray()
                                            .add(new JsonObject()
                                                    .put("index", 0)
                                                    .put(
                                                            "b64_json",
                                                            Base64.getEncoder()
                                                                    .encodeToString(TestImages.pngWithChunk(
                                                                            8, 8, "tEXt", "parameters\0a fox"))))));

    /** Responses to polls in order. The last one is repeated. */
    private final Deque<Consumer<HttpServerRequest>> polls = new ArrayDeque<>();

    private final List<String> received = new CopyOnWriteArrayList<>();
    private HttpServer server;

    private static JsonObject job(String status) {
        return new JsonObject()
                .put("id", ID)
                .put("kind", "img_gen")
                .put("status", status)
                .put("created", 1_775_401_200)
                .put("queue_position", 0)
                .put("result", null)
                .put("error", null);
    }

    @BeforeEach
    void startServer() {
        server = get(vertx.createHttpServer()
                .requestHandler(request -> {
                    received.add(request.method() + " " + request.path());
                    request.endHandler(end -> respond(request));
                })
                .listen(0, "127.0.0.1"));
        get(backend.close());
        backend = createBackend(URI.create("http://127.0.0.1:" + server.actualPort()));
    }

    private void respond(HttpServerRequest request) {
        if (request.method().name().equals("POST")) {
            send(request, 202, job("queued").put("poll_url", "http://127.0.0.1:1/elsewhere"));
            return;
        }
        synchronized (polls) {
            (polls.size() > 1 ? polls.poll() : polls.peek()).accept(request);
        }
    }

    @AfterEach
    void stopServer() {
        get(server.close());
    }

    private static void send(HttpServerRequest request, int status, JsonObject body) {
        request.response().setStatusCode(status).end(body.toBuffer());
    }

    private void poll(int status, JsonObject body) {
        polls.add(request -> send(request, status, body));
    }

    private BackendOutcome lookUp() {
        JobReference job = new JobReference(UUID.randomUUID(), ID);
        return get(backend.lookUp(request(1), new BackendCall(LONG_TIMEOUT, job, JobListener.NONE)));
    }

    @Test
    void pollsTheJobAndRemovesTheMetadataOfItsImages() {
        // given
        poll(200, job("generating"));
        poll(200, COMPLETED);

        // when
        BackendOutcome outcome = generate(request(1));

        // then
        assertThat(generated(outcome))
                .singleElement()
                .satisfies(image -> assertThat(image.bytes().toBytes()).isEqualTo(TestImages.png(8, 8)));
        assertThat(received)
                .containsExactly("POST /sdcpp/v1/img_gen", "GET /sdcpp/v1/jobs/" + ID, "GET /sdcpp/v1/jobs/" + ID);
    }

    @Test
    void repeatsFailedPollsAndSubmitsOnce() {
        // given
        poll(500, new JsonObject().put("error", "server_error"));
        polls.add(request -> request.connection().close());
        polls.add(request -> request.response().end("<html>"));
        poll(200, job("a state of later versions"));
        poll(200, COMPLETED);

        // when
        generated(generate(request(1)));

        // then
        assertThat(received)
                .hasSize(6)
                .filteredOn(request -> request.startsWith("POST"))
                .hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            404 | {"error":"job not found"}                                                          | RESULT_LOST    | JOB_LOST
            410 | {"error":"job expired"}                                                            | RESULT_LOST    | RESULT_EXPIRED
            401 | {"error":"denied"}                                                                 | AMBIGUOUS      | STATUS_REFUSED
            200 | {"status":"failed","error":{"code":"generation_failed","message":"out of memory"}} | SERVER_ERROR   | ERROR_IN_RESPONSE
            200 | {"status":"failed","error":null}                                                   | SERVER_ERROR   | ERROR_IN_RESPONSE
            200 | {"status":"cancelled","error":{"code":"cancelled"}}                                | SERVER_ERROR   | JOB_CANCELED
            200 | {"status":"completed","result":null}                                               | INVALID_RESULT | EMPTY_RESPONSE
            200 | {"status":"completed","result":{"images":[{"b64_json":"!!"}]}}                     | INVALID_RESULT | INVALID_IMAGE
            """)
    void mapsTheEndOfAJob(int status, String body, FailureClass failureClass, String code) {
        // given
        poll(status, new JsonObject(body));

        // when
        BackendFailure failure = failed(generate(request(1)));

        // then
        assertThat(failure.failureClass()).isEqualTo(failureClass);
        assertThat(failure.code()).isEqualTo(code);
        assertThat(received).hasSize(2);
    }

    @Test
    void lookUpTellsAnUnknownJobFromAnExpiredOne() {
        // given
        poll(404, new JsonObject().put("error", "job not found"));
        poll(410, new JsonObject().put("error", "job expired"));

        // then
        assertThat(lookUp()).isInstanceOf(BackendOutcome.JobNotFound.class);
        assertThat(failed(lookUp()).code()).isEqualTo("RESULT_EXPIRED");
    }

    @Test
    void errorsLeaveTheOutcomeOfALookUpOpen() {
        // given
        poll(500, new JsonObject().put("error", "server_error"));
        JobReference job = new JobReference(UUID.randomUUID(), ID);

        // when
        BackendOutcome outcome = callUntilTimeout(
                timeout -> get(backend.lookUp(request(1), new BackendCall(timeout, job, JobListener.NONE))),
                () -> received);

        // then
        assertThat(failed(outcome).failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(received)
                .isNotEmpty()
                .allSatisfy(request -> assertThat(request).startsWith("GET"));
    }
}
