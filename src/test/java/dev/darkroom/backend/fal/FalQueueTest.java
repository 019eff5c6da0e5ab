package dev.darkroom.backend.fal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobReference;
import dev.darkroom.image.TestImages;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests of {@link FalBackend}, with responses that the simulator does not send. */
class FalQueueTest extends FalFixture {
    private static final String ID = "764cabcf-b745-4b3e-ae38-1200304cf45b";
    private static final String REQUEST = "/acme/painter/requests/" + ID;
    private static final JsonObject IMAGES = new JsonObject()
            .put(
                    "images",
                    new JsonArray()
                            .add(new JsonObject()
                                    .put(
                                            "url",
                                            "data:image/png;base64,"
                                                    + Base64.getEncoder().encodeToString(TestImages.png(8, 8)))));

    /** Responses to requests for the state, and for the result, in order. The last one of each is repeated. */
    private final Deque<Consumer<HttpServerRequest>> states = new ArrayDeque<>();

    private final Deque<Consumer<HttpServerRequest>> results = new ArrayDeque<>();
    private final Queue<Received> received = new ConcurrentLinkedQueue<>();
    private HttpServer server;
    private HttpServer otherOrigin;
    private String returnedBase;

    private record Received(String request, MultiMap headers) {}

    @BeforeEach
    void startServers() {
        otherOrigin = listen(request -> request.response().setStatusCode(500).end());
        server = listen(request -> {
            if (request.method().name().equals("POST")) {
                send(request, 200, json("IN_QUEUE"));
                return;
            }
            Deque<Consumer<HttpServerRequest>> responses = request.path().endsWith("/status") ? states : results;
            synchronized (responses) {
                (responses.size() > 1 ? responses.poll() : responses.peek()).accept(request);
            }
        });
        returnedBase = "http://127.0.0.1:" + server.actualPort();
        get(backend.close());
        backend = createBackendAt(URI.create("http://127.0.0.1:" + server.actualPort()));
    }

    private HttpServer listen(Consumer<HttpServerRequest> handler) {
        return get(vertx.createHttpServer()
                .requestHandler(request -> {
                    received.add(new Received(
                            request.method() + " " + request.localAddress().port() + request.uri(), request.headers()));
                    request.endHandler(end -> handler.accept(request));
                })
                .listen(0, "127.0.0.1"));
    }

    @AfterEach
    void stopServers() {
        get(server.close());
        get(otherOrigin.close());
    }

    private JsonObject json(String status) {
        return new JsonObject()
                .put("status", status)
                .put("request_id", ID)
                .put("response_url", returnedBase + REQUEST)
                .put("status_url", returnedBase + REQUEST + "/status")
                .put("cancel_url", returnedBase + REQUEST + "/cancel");
    }

    private static void send(HttpServerRequest request, int status, JsonObject body) {
        request.response().setStatusCode(status).end(body.toBuffer());
    }

    private void state(String status) {
        states.add(request -> send(request, status.equals("COMPLETED") ? 200 : 202, json(status)));
    }

    private void result(int status, JsonObject body) {
        results.add(request -> send(request, status, body));
    }

    private void result(int status, JsonObject body, String header, String value) {
        results.add(request -> {
            request.response().putHeader(header, value);
            send(request, status, body);
        });
    }

    private List<String> requestsTo(HttpServer target) {
        return received.stream()
                .map(Received::request)
                .filter(request -> request.contains(" " + target.actualPort() + "/"))
                .map(request -> request.replace(" " + target.actualPort(), " "))
                .toList();
    }

    private BackendOutcome lookUp(Duration timeout) {
        JobReference job = new JobReference(UUID.randomUUID(), REQUEST.substring(1));
        return get(backend.lookUp(request(1), new BackendCall(timeout, job, JobListener.NONE)));
    }

    @Test
    void followsTheReturnedUrlsOfTheSameOrigin() {
        // given
        returnedBase = "http://127.0.0.1:" + server.actualPort() + "/shard-3";
        state("COMPLETED");
        result(200, IMAGES);

        // when
        generated(generate(request(1)));

        // then
        assertThat(requestsTo(server))
                .containsExactly("POST /" + MODEL, "GET /shard-3" + REQUEST + "/status", "GET /shard-3" + REQUEST);
    }

    @Test
    void sendsTheKeyToTheOriginOfTheBaseUrlOnly() {
        // given
        returnedBase = "http://127.0.0.1:" + otherOrigin.actualPort();
        state("COMPLETED");
        result(200, IMAGES);

        // when
        generated(generate(request(1)));

        // then
        assertThat(requestsTo(server))
                .containsExactly("POST /" + MODEL, "GET " + REQUEST + "/status", "GET " + REQUEST);
        assertThat(requestsTo(otherOrigin)).isEmpty();
        assertThat(received)
                .allSatisfy(
                        each -> assertThat(each.headers().get("Authorization")).isEqualTo("Key " + API_KEY));
    }

    @Test
    void limitsTheStartAndForbidsRetriesOfTheQueue() {
        // given
        state("COMPLETED");
        result(200, IMAGES);

        // when
        generated(get(backend.generate(request(1), new BackendCall(Duration.ofMillis(90_500)))));

        // then
        MultiMap headers = received.peek().headers();
        assertThat(headers.get("x-fal-request-timeout")).isEqualTo("91");
        assertThat(headers.get("x-fal-no-retry")).isEqualTo("1");
    }

    @ParameterizedTest
    @CsvSource({"-1, normal", "0, normal", "1, low"})
    void sendsThePriorityOfTheGeneration(int priority, String sent) {
        // given
        state("COMPLETED");
        result(200, IMAGES);

        // when
        generated(generate(
                new ImageRequest("key", "a fox", null, 96, 64, 1, 7, MODEL, null, InputImages.NONE, priority)));

        // then
        assertThat(received.peek().headers().get("x-fal-queue-priority")).isEqualTo(sent);
    }

    @Test
    void usesTheNamespaceOfAnApp() {
        // given
        returnedBase = "http://127.0.0.1:" + otherOrigin.actualPort();
        state("COMPLETED");
        result(200, IMAGES);

        // when
        generated(generate(request(1, "workflows/acme/painter/fast")));

        // then
        assertThat(requestsTo(server)).contains("GET /workflows" + REQUEST + "/status");
    }

    @Test
    void repeatsFailedPollsAndSubmitsOnce() {
        // given
        state("IN_PROGRESS");
        states.add(request -> send(request, 500, new JsonObject().put("detail", "boom")));
        states.add(request ->
                send(request, 429, new JsonObject().put("detail", "slow").put("retry_after", 0)));
        states.add(request -> request.connection().close());
        states.add(request -> request.response().end("<html>"));
        state("a state of later versions");
        state("COMPLETED");
        results.add(request -> request.response().setStatusCode(502).end("<html>"));
        result(400, new JsonObject().put("detail", "Request is still in progress"));
        result(429, new JsonObject().put("detail", "slow"));
        result(200, IMAGES);

        // when
        generated(generate(request(1)));

        // then
        assertThat(requestsTo(server))
                .filteredOn(request -> request.startsWith("POST"))
                .hasSize(1);
        assertThat(requestsTo(server))
                .filteredOn(request -> request.endsWith(ID))
                .hasSize(4);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            422 | {"detail":[{"loc":["body"],"msg":"bad","type":"value_error"}]}          |                            |       | TERMINAL_INPUT     | INVALID_REQUEST
            422 | {"detail":[{"loc":["body"],"msg":"x","type":"content_policy_violation"}]} | X-Fal-Retryable          | false | MODERATED          | MODERATED
            500 | {"detail":"Internal Server Error"}                                      |                            |       | SERVER_ERROR       | SERVER_ERROR
            404 | {"detail":"Path /fast not found"}                                       |                            |       | TERMINAL_INPUT     | NOT_FOUND
            503 | {"detail":"GPU error"}                                                  |                            |       | REJECTED_RETRYABLE | UNAVAILABLE
            504 | {"detail":"Request timed out"}                                          | X-Fal-Request-Timeout-Type | user  | REJECTED_RETRYABLE | JOB_NOT_STARTED
            504 | {"detail":"Upstream timed out"}                                         |                            |       | SERVER_ERROR       | GATEWAY_TIMEOUT
            504 | {"detail":"Request timed out","error_type":"request_timeout"}           |                            |       | SERVER_ERROR       | JOB_FAILED
            504 | {"detail":"slow"}                                                       | X-Fal-Error-Type           | startup_timeout | REJECTED_RETRYABLE | JOB_NOT_STARTED
            500 | {"detail":[{"msg":"x","type":"internal_server_error"}]}                 | X-Fal-Retryable            | false | TERMINAL_INPUT     | NOT_RETRYABLE
            400 | {"detail":[{"msg":"x","type":"downstream_service_error"}]}              | X-Fal-Retryable            | true  | SERVER_ERROR       | JOB_FAILED
            200 | {"images":[{"url":"https://a/b.png"}],"has_nsfw_concepts":[true]}       |                            |       | MODERATED          | MODERATED
            200 | {"images":[]}                                                           |                            |       | INVALID_RESULT     | EMPTY_RESPONSE
            200 | {"images":[{"url":"data:image/png;base64,!!"}]}                         |                            |       | INVALID_RESULT     | INVALID_IMAGE
            """)
    void mapsTheResultOfACompletedRequest(
            int status, String body, String header, String value, FailureClass failureClass, String code) {
        // given
        state("COMPLETED");
        if (header == null) {
            result(status, new JsonObject(body));
        } else {
            result(status, new JsonObject(body), header, value);
        }

        // when
        BackendFailure failure = failed(generate(request(1)));

        // then
        assertThat(failure.failureClass()).isEqualTo(failureClass);
        assertThat(failure.code()).isEqualTo(code);
        assertThat(requestsTo(server)).hasSize(3);
    }

    @Test
    void reportsTheBillableUnits() {
        // given
        state("COMPLETED");
        result(200, IMAGES, "X-Fal-Billable-Units", "1.5");
        RecordingJobListener listener = new RecordingJobListener();

        // when
        generated(get(backend.generate(request(1), call(listener))));

        // then
        assertThat(listener.usage).contains(Map.of("billable_units", new BigDecimal("1.5")));
    }

    @Test
    void outcomeIsUnknownWhenAPollIsRefused() {
        states.add(request -> send(request, 401, new JsonObject().put("detail", "Unauthorized")));
        BackendFailure failure = failed(generate(request(1)));
        assertThat(failure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(failure.code()).isEqualTo("STATUS_REFUSED");
        assertThat(requestsTo(server)).hasSize(2);
    }

    @Test
    void reportsALostRequest() {
        states.add(request -> send(request, 404, new JsonObject().put("detail", "Not found")));
        assertThat(failed(generate(request(1))).code()).isEqualTo("JOB_LOST");
    }

    @Test
    void lookUpReportsAnExpiredResult() {
        // given
        state("COMPLETED");
        result(404, new JsonObject().put("detail", "Not found"));

        // when
        BackendFailure failure = failed(lookUp(LONG_TIMEOUT));

        // then
        assertThat(failure.failureClass()).isEqualTo(FailureClass.RESULT_LOST);
        assertThat(failure.code()).isEqualTo("RESULT_EXPIRED");
    }

    @Test
    void errorsLeaveTheOutcomeOfALookUpOpen() {
        states.add(request -> send(request, 500, new JsonObject().put("detail", "boom")));
        assertThat(failed(callUntilTimeout(this::lookUp, () -> requestsTo(server)))
                        .failureClass())
                .isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(requestsTo(server))
                .isNotEmpty()
                .allSatisfy(request -> assertThat(request).startsWith("GET"));
    }
}
