package dev.darkroom.backend.bfl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import dev.darkroom.image.TestImages;
import dev.darkroom.testing.RecordedExchanges;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Polls of {@link BflBackend}, with responses that the simulator does not send. */
class BflPollTest extends BflFixture {
    private static final RecordedExchanges DOCUMENTED = RecordedExchanges.load("bfl");
    private static final String ID = "gen_abc123xyz";
    private static final JsonObject PENDING = new JsonObject().put("id", ID).put("status", "Pending");
    private static final JsonObject NOT_FOUND = new JsonObject().put("id", ID).put("status", "Task not found");

    /** Responses to polls in order. The last one is repeated. */
    private final Deque<Consumer<HttpServerRequest>> polls = new ArrayDeque<>();

    private final Queue<Received> received = new ConcurrentLinkedQueue<>();
    private HttpServer server;
    private HttpServer otherOrigin;
    private String pollingUrl;

    private record Received(int port, String request, MultiMap headers) {}

    @BeforeEach
    void startServers() {
        otherOrigin = listen(request -> request.response().end(PENDING.toBuffer()));
        server = listen(request -> {
            if (request.method().name().equals("POST")) {
                send(
                        request,
                        200,
                        new JsonObject()
                                .put("id", ID)
                                .put("polling_url", pollingUrl)
                                .put("cost", 4.5));
            } else if (request.path().startsWith("/images/")) {
                boolean expired = request.path().endsWith("expired");
                request.response()
                        .setStatusCode(expired ? 403 : 200)
                        .end(expired ? Buffer.buffer() : Buffer.buffer(TestImages.png(8, 8)));
            } else {
                synchronized (polls) {
                    (polls.size() > 1 ? polls.poll() : polls.peek()).accept(request);
                }
            }
        });
        get(backend.close());
        backend = createBackend(URI.create("http://127.0.0.1:" + server.actualPort()));
        pollingUrl = url(server, "/regional/results?id=" + ID);
    }

    private HttpServer listen(Consumer<HttpServerRequest> handler) {
        return get(vertx.createHttpServer()
                .requestHandler(request -> {
                    received.add(new Received(
                            request.localAddress().port(), request.method() + " " + request.uri(), request.headers()));
                    request.endHandler(end -> handler.accept(request));
                })
                .listen(0, "127.0.0.1"));
    }

    @AfterEach
    void stopServers() {
        get(server.close());
        get(otherOrigin.close());
    }

    private static String url(HttpServer target, String path) {
        return "http://127.0.0.1:" + target.actualPort() + path;
    }

    private static void send(HttpServerRequest request, int status, JsonObject body) {
        request.response().setStatusCode(status).end(body.toBuffer());
    }

    private void poll(int status, JsonObject body) {
        polls.add(request -> send(request, status, body));
    }

    private JsonObject ready(String image) {
        return new JsonObject()
                .put("id", ID)
                .put("status", "Ready")
                .put("result", new JsonObject().put("sample", url(server, "/images/" + image)));
    }

    private List<String> requests() {
        return received.stream()
                .map(Received::request)
                .filter(request -> !request.contains("/images/"))
                .toList();
    }

    @Test
    void pollsTheUrlOfTheResponseWithTheKeyAndDownloadsWithoutIt() {
        // given
        poll(200, PENDING);
        poll(200, ready("a.png"));

        // when
        generated(generate(request(1)));

        // then
        assertThat(requests())
                .containsExactly(
                        "POST /v1/" + MODEL, "GET /regional/results?id=" + ID, "GET /regional/results?id=" + ID);
        assertThat(received)
                .allSatisfy(each -> assertThat(each.headers().get("x-key"))
                        .isEqualTo(each.request().contains("/images/") ? null : API_KEY));
    }

    @Test
    void doesNotSendTheKeyToAnotherHost() {
        // given
        pollingUrl = url(otherOrigin, "/v1/get_result?id=" + ID);
        poll(200, ready("a.png"));

        // when
        generated(generate(request(1)));

        // then
        assertThat(requests()).containsExactly("POST /v1/" + MODEL, "GET /v1/get_result?id=" + ID);
        assertThat(received).allSatisfy(each -> assertThat(each.port()).isEqualTo(server.actualPort()));
    }

    @Test
    void looksUpTheStoredPollingUrl() {
        // given
        poll(200, ready("a.png"));
        RecordingJobListener listener = new RecordingJobListener();
        generated(generate(request(1), call(listener)));
        received.clear();

        // when
        BackendOutcome outcome = lookUp(listener.accepted.get(0), LONG_TIMEOUT);

        // then
        assertThat(generated(outcome)).hasSize(1);
        assertThat(requests()).containsExactly("GET /regional/results?id=" + ID);
    }

    @Test
    void doesNotSendTheKeyToAStoredUrlOfAnotherHost() {
        // given
        poll(200, ready("a.png"));

        // when
        BackendOutcome outcome = lookUp(ID + " " + url(otherOrigin, "/x"), LONG_TIMEOUT);

        // then
        assertThat(generated(outcome)).hasSize(1);
        assertThat(requests()).containsExactly("GET /v1/get_result?id=" + ID);
    }

    private BackendOutcome lookUp(String providerId, Duration timeout) {
        JobReference job = new JobReference(UUID.randomUUID(), providerId);
        return get(backend.lookUp(request(1), new BackendCall(timeout, job, JobListener.NONE)));
    }

    @Test
    void repeatsFailedPollsAndSubmitsOnce() {
        // given
        poll(200, PENDING);
        poll(500, new JsonObject().put("detail", "boom"));
        poll(429, new JsonObject().put("error", "rate_limit_exceeded").put("retry_after", 0));
        polls.add(request -> request.connection().close());
        polls.add(request -> request.response().end("<html>"));
        poll(200, new JsonObject().put("id", ID).put("status", "a state of later versions"));
        poll(200, ready("a.png"));

        // when
        generated(generate(request(1)));

        // then
        assertThat(requests())
                .hasSize(8)
                .filteredOn(request -> request.startsWith("POST"))
                .hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"200", "404"})
    void waitsForATaskThatIsNotVisibleYet(int status) {
        // given
        for (int i = 0; i < 5; i++) {
            poll(status, NOT_FOUND);
        }
        poll(200, ready("a.png"));

        // when
        generated(generate(request(1)));

        // then
        assertThat(requests()).hasSize(7);
    }

    @Test
    void reportsALostTask() {
        // given
        poll(200, PENDING);
        poll(200, NOT_FOUND);

        // when
        BackendFailure failure = failed(generate(request(1)));

        // then
        assertThat(failure.failureClass()).isEqualTo(FailureClass.RESULT_LOST);
        assertThat(failure.code()).isEqualTo("JOB_LOST");
        assertThat(requests()).hasSize(8);
    }

    @Test
    void fetchesTheUrlOfAnExpiredImageAgain() {
        // given
        poll(200, ready("expired"));
        poll(200, ready("a.png"));

        // when
        generated(generate(request(1)));

        // then
        assertThat(requests()).hasSize(3);
    }

    @Test
    void reportsAnImageThatStaysExpired() {
        poll(200, ready("expired"));
        assertThat(failed(generate(request(1))).code()).isEqualTo("IMAGE_NOT_FOUND");
        assertThat(requests()).hasSize(3);
    }

    @Test
    void outcomeIsUnknownWhenAPollIsRefused() {
        poll(403, new JsonObject().put("detail", "Not authenticated"));
        BackendFailure failure = failed(generate(request(1)));
        assertThat(failure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(failure.code()).isEqualTo("STATUS_REFUSED");
        assertThat(requests()).hasSize(2);
    }

    @Test
    void errorsLeaveTheOutcomeOfALookUpOpen() {
        poll(500, new JsonObject().put("detail", "boom"));
        BackendOutcome outcome = callUntilTimeout(timeout -> lookUp(ID, timeout), this::requests);
        assertThat(failed(outcome).failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(requests())
                .isNotEmpty()
                .allSatisfy(request -> assertThat(request).startsWith("GET"));
    }

    @ParameterizedTest
    @CsvSource({
        "request moderated, MODERATED, MODERATED",
        "content moderated, MODERATED, MODERATED",
        "error, SERVER_ERROR, ERROR_IN_RESPONSE",
        "failed, SERVER_ERROR, ERROR_IN_RESPONSE",
        "ready without a sample, INVALID_RESULT, EMPTY_RESPONSE"
    })
    void mapsTheEndsOfATask(String name, FailureClass expectedClass, String expectedCode) {
        // given
        poll(DOCUMENTED.status(name), DOCUMENTED.responseObject(name));

        // when
        BackendFailure failure = failed(generate(request(1)));

        // then
        assertThat(failure.failureClass()).isEqualTo(expectedClass);
        assertThat(failure.code()).isEqualTo(expectedCode);
        assertThat(failure.detail() == null ? "" : failure.detail()).doesNotContain("a fox");
        assertThat(requests()).hasSize(2);
    }

    @Test
    void reportsTheCreditsOfTheSubmission() {
        // given
        poll(200, ready("one"));
        Map<String, BigDecimal> usage = new ConcurrentHashMap<>();
        JobListener listener = new JobListener() {
            @Override
            public void onAccepted(String providerId) {
                // Does not matter here.
            }

            @Override
            public void onProgress(JobProgress progress) {
                // Does not matter here.
            }

            @Override
            public void onUsage(Map<String, BigDecimal> reported) {
                usage.putAll(reported);
            }
        };

        // when
        BackendCall call = new BackendCall(Duration.ofSeconds(30), JobReference.of(UUID.randomUUID()), listener);
        BackendOutcome outcome = get(backend.generate(request(MODEL), call));
        call.release();

        // then
        assertThat(outcome).isInstanceOf(BackendOutcome.Generated.class);
        assertThat(usage).isEqualTo(Map.of("cost", new BigDecimal("4.5")));
    }
}
