package dev.darkroom.backend.stability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobReference;
import dev.darkroom.image.TestImages;
import dev.darkroom.testing.RecordedExchanges;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Results of {@link StabilityBackend} that are fetched later, as endpoints of the vendor other than text-to-image return them. */
class StabilityPollTest extends StabilityFixture {
    private static final RecordedExchanges RECORDED = RecordedExchanges.load("stability");
    private static final String ID = RECORDED.responseObject("accepted").getString("id");
    private static final JsonObject DONE = new JsonObject()
            .put("result", Base64.getEncoder().encodeToString(TestImages.png(8, 8)))
            .put("finish_reason", "SUCCESS")
            .put("seed", 343_940_597);

    private record Reply(int status, JsonObject body) {}

    /** Replies in order. The last one is repeated. */
    private final Deque<Reply> replies = new ArrayDeque<>();

    private final Queue<String> requests = new ConcurrentLinkedQueue<>();
    private HttpServer server;

    @BeforeEach
    void startServer() {
        server = get(vertx.createHttpServer()
                .requestHandler(request -> {
                    requests.add(request.method() + " " + request.path());
                    request.endHandler(end -> {
                        Reply reply;
                        synchronized (replies) {
                            reply = replies.size() > 1 ? replies.poll() : replies.peek();
                        }
                        request.response()
                                .setStatusCode(reply.status())
                                .end(reply.body().toBuffer());
                    });
                })
                .listen(0, "127.0.0.1"));
        get(backend.close());
        backend = createBackend(URI.create("http://127.0.0.1:" + server.actualPort()));
    }

    @AfterEach
    void stopServer() {
        get(server.close());
    }

    private void reply(String name) {
        reply(RECORDED.status(name), RECORDED.responseObject(name));
    }

    private void reply(int status, JsonObject body) {
        replies.add(new Reply(status, body));
    }

    private BackendOutcome lookUp() {
        JobReference job = new JobReference(UUID.randomUUID(), ID);
        return get(backend.lookUp(request(1), new BackendCall(LONG_TIMEOUT, job, JobListener.NONE)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"accepted", "accepted with status 200"})
    void pollsAResultThatIsNotReady(String accepted) {
        // given
        reply(accepted);
        reply("in progress");
        reply(500, new JsonObject().put("name", "internal_error"));
        reply(200, DONE);
        RecordingJobListener listener = new RecordingJobListener();

        // when
        BackendOutcome outcome = get(backend.generate(request(1), call(listener)));

        // then
        assertThat(generated(outcome)).hasSize(1);
        assertThat(listener.accepted).containsExactly(ID);
        String poll = "GET /v2beta/results/" + ID;
        assertThat(requests).containsExactly("POST /v2beta/stable-image/generate/core", poll, poll, poll);
        assertThat(backend.canLookUp(new JobReference(UUID.randomUUID(), ID))).isTrue();
    }

    @Test
    void looksUpAnAcceptedResult() {
        reply("in progress");
        reply(200, DONE);
        assertThat(generated(lookUp())).hasSize(1);
        assertThat(List.copyOf(requests)).hasSize(2).containsOnly("GET /v2beta/results/" + ID);
    }

    @Test
    void reportsAnExpiredResult() {
        reply("expired");
        assertThat(lookUp()).isInstanceOf(BackendOutcome.JobNotFound.class);
    }

    @Test
    void reportsALostResult() {
        reply("accepted");
        reply("expired");
        BackendFailure failure = failed(generate(request(1)));
        assertThat(failure.failureClass()).isEqualTo(FailureClass.RESULT_LOST);
        assertThat(failure.code()).isEqualTo("JOB_LOST");
    }

    @Test
    void outcomeIsUnknownWhenAPollIsRefused() {
        reply("accepted");
        reply(401, new JsonObject().put("name", "unauthorized"));
        BackendFailure failure = failed(generate(request(1)));
        assertThat(failure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(failure.code()).isEqualTo("STATUS_REFUSED");
    }

    @Test
    void doesNotDeliverAFilteredResult() {
        reply("accepted");
        reply(200, DONE.copy().put("finish_reason", "CONTENT_FILTERED"));
        assertThat(failed(generate(request(1))).failureClass()).isEqualTo(FailureClass.MODERATED);
    }

    @Test
    void reportsARecordedErrorOfTheVendor() {
        reply("not a form");
        BackendFailure failure = failed(generate(request(1)));
        assertThat(failure.failureClass()).isEqualTo(FailureClass.TERMINAL_INPUT);
        assertThat(failure.detail()).isEqualTo("bad_request: [\"content-type: must be multipart/form-data\"]");
    }
}
