package dev.darkroom.backend.replicate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.http.InputFields;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.TestSettings;
import dev.darkroom.image.TestImages;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Polls of {@link ReplicateBackend}, with responses that the simulator does not send. */
class ReplicatePollTest extends ReplicateFixture {
    private static final String ID = "gm3qorzdhgbfurvjtvhg6dckhu";
    private static final String PREDICTION = "/v1/predictions/" + ID;
    private static final String DATA_URL =
            "data:image/png;base64," + Base64.getEncoder().encodeToString(TestImages.png(8, 8));

    /** Responses to polls in order. The last one is repeated. */
    private final Deque<Consumer<HttpServerRequest>> polls = new ArrayDeque<>();

    private final Queue<Received> received = new ConcurrentLinkedQueue<>();
    private HttpServer server;
    private HttpServer otherOrigin;

    private record Received(String request, MultiMap headers) {}

    @BeforeEach
    void startServers() {
        otherOrigin = listen(request -> request.response().setStatusCode(500).end());
        server = listen(request -> {
            if (request.method().name().equals("POST")) {
                send(request, 201, prediction("starting").put("output", null));
                return;
            }
            synchronized (polls) {
                (polls.size() > 1 ? polls.poll() : polls.peek()).accept(request);
            }
        });
        get(backend.close());
        backend = createBackend(URI.create("http://127.0.0.1:" + server.actualPort()));
    }

    private HttpServer listen(Consumer<HttpServerRequest> handler) {
        return get(vertx.createHttpServer()
                .requestHandler(request -> {
                    received.add(new Received(
                            request.method() + " " + request.localAddress().port() + request.path(),
                            request.headers()));
                    request.endHandler(end -> handler.accept(request));
                })
                .listen(0, "127.0.0.1"));
    }

    @AfterEach
    void stopServers() {
        get(server.close());
        get(otherOrigin.close());
    }

    private JsonObject prediction(String status) {
        String elsewhere = "http://127.0.0.1:" + otherOrigin.actualPort() + PREDICTION;
        return new JsonObject()
                .put("id", ID)
                .put("status", status)
                .put("error", null)
                .put("urls", new JsonObject().put("get", elsewhere).put("cancel", elsewhere + "/cancel"));
    }

    private static void send(HttpServerRequest request, int status, JsonObject body) {
        request.response().setStatusCode(status).end(body.toBuffer());
    }

    private void poll(int status, JsonObject body) {
        polls.add(request -> send(request, status, body));
    }

    private List<String> requestsTo(HttpServer target) {
        return received.stream()
                .map(Received::request)
                .filter(request -> request.contains(" " + target.actualPort() + "/"))
                .toList();
    }

    @Test
    void sendsTheTokenToTheBaseUrlOnly() {
        // given
        poll(200, prediction("succeeded").put("output", DATA_URL));

        // when
        generated(generate(request(1)));

        // then
        assertThat(requestsTo(server))
                .containsExactly(
                        "POST " + server.actualPort() + "/v1/models/acme/painter/predictions",
                        "GET " + server.actualPort() + PREDICTION);
        assertThat(requestsTo(otherOrigin)).isEmpty();
        assertThat(received)
                .allSatisfy(
                        each -> assertThat(each.headers().get("Authorization")).isEqualTo("Bearer " + API_KEY));
    }

    @Test
    void requestsAnEndAtTheTimeoutOfTheCall() {
        // given
        poll(200, prediction("succeeded").put("output", DATA_URL));
        BackendCall backendCall = new BackendCall(Duration.ofMillis(90_500));
        BackendCall shortCall = new BackendCall(Duration.ofSeconds(3));

        // when
        generated(get(backend.generate(request(1), backendCall)));
        generated(get(backend.generate(request(1), shortCall)));

        // then
        assertThat(received.stream()
                        .filter(each -> each.request().startsWith("POST"))
                        .map(each -> each.headers().get("Cancel-After")))
                .containsExactly("91s", "5s");
        assertThat(received)
                .allSatisfy(
                        each -> assertThat(each.headers().contains("Prefer")).isFalse());
    }

    @Test
    void repeatsFailedPollsAndSubmitsOnce() {
        // given
        poll(200, prediction("processing"));
        poll(500, new JsonObject().put("detail", "boom"));
        poll(429, new JsonObject().put("detail", "throttled").put("retry_after", 0));
        polls.add(request -> request.connection().close());
        polls.add(request -> request.response().end("<html>"));
        poll(200, prediction("a state of later versions"));
        poll(200, prediction("succeeded").put("output", DATA_URL));

        // when
        generated(generate(request(1)));

        // then
        assertThat(requestsTo(server))
                .hasSize(8)
                .filteredOn(request -> request.startsWith("POST"))
                .hasSize(1);
    }

    @Test
    void outcomeIsUnknownWhenAPollIsRefused() {
        poll(401, new JsonObject().put("title", "Unauthenticated").put("status", 401));
        BackendFailure failure = failed(generate(request(1)));
        assertThat(failure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(failure.code()).isEqualTo("STATUS_REFUSED");
        assertThat(requestsTo(server)).hasSize(2);
    }

    @Test
    void returnsAnImageAboveTheSizeOfAnOrdinaryPoll() {
        // given
        int limit = 16 << 20;
        byte[] png = TestImages.pngWithChunk(8, 8, "tEXt", "x".repeat(5 << 20));
        ImageBackend large = new ReplicateBackend(
                vertx,
                TestSettings.with(backendSettings(), "maxResponseBytes", limit, "maxImageBytes", limit / 2),
                URI.create("http://127.0.0.1:" + server.actualPort()),
                new ResponseMemoryBudget(Runtime.getRuntime().maxMemory(), 4, limit),
                MAX_HEADER_BYTES,
                InputFields.DEFAULT,
                POLL_INTERVAL);
        String url = "data:image/png;base64," + Base64.getEncoder().encodeToString(png);
        poll(200, prediction("processing"));
        poll(200, prediction("succeeded").put("output", url));

        // when
        BackendOutcome outcome = get(large.generate(request(1), new BackendCall(LONG_TIMEOUT)));

        // then
        assertThat(generated(outcome)).hasSize(1);
        assertThat(requestsTo(server)).hasSize(3);
        get(large.close());
    }

    @Test
    void reportsALostPrediction() {
        poll(404, new JsonObject().put("detail", "Not found."));
        BackendFailure failure = failed(generate(request(1)));
        assertThat(failure.failureClass()).isEqualTo(FailureClass.RESULT_LOST);
        assertThat(failure.code()).isEqualTo("JOB_LOST");
    }

    @Test
    void endsALookUpAtOnceWhenTheServerIsUnreachable() {
        // given
        get(server.close());
        BackendCall lookUp = new BackendCall(LONG_TIMEOUT, new JobReference(UUID.randomUUID(), ID), JobListener.NONE);

        // when
        BackendOutcome outcome = get(backend.lookUp(request(1), lookUp));

        // then
        assertThat(failed(outcome).failureClass()).isEqualTo(FailureClass.NOT_SENT);
    }

    @Test
    void errorsLeaveTheOutcomeOfALookUpOpen() {
        // given
        poll(500, new JsonObject().put("detail", "boom"));
        JobReference job = new JobReference(UUID.randomUUID(), ID);

        // when
        BackendOutcome outcome = callUntilTimeout(
                timeout -> get(backend.lookUp(request(1), new BackendCall(timeout, job, JobListener.NONE))),
                () -> requestsTo(server));

        // then
        assertThat(failed(outcome).failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(requestsTo(server))
                .isNotEmpty()
                .allSatisfy(request -> assertThat(request).startsWith("GET"));
    }

    @Test
    void aResultThatCannotBeDecodedEndsTheCall() {
        poll(200, prediction("succeeded").put("output", "data:image/png;base64,!!"));
        assertThat(failed(generate(request(1))).code()).isEqualTo("INVALID_IMAGE");
        assertThat(requestsTo(server)).hasSize(2);
    }
}
