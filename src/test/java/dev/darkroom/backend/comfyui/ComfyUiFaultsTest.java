package dev.darkroom.backend.comfyui;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImage;
import dev.darkroom.backend.InputImageException;
import dev.darkroom.backend.InputImageLoader;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.JobReference;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Look-ups after a lost response, failed polls, and the number of submissions. */
class ComfyUiFaultsTest extends ComfyUiBackendFixture {
    @Test
    void respectsRetryAfter() {
        server.script("{\"status\": 429, \"retryAfter\": 7}");
        assertThat(failed(generate(1)).retryAfter()).isEqualTo(Duration.ofSeconds(7));
    }

    @Test
    void unusableInputImageIsNoReasonToReadTheNodeTypesAgain() {
        // given
        backend = backend(Path.of("conf/examples/comfyui-edit-workflow.json"));
        InputImageLoader failing = (inputs, call) ->
                Future.failedFuture(InputImageException.permanent("INPUT_IMAGE_NOT_FETCHED", "No image."));
        InputImages inputs = new InputImages(List.of(InputImage.ofUrl("https://a.example/b.png")), null);
        ImageRequest edit = new ImageRequest("edit", "a fox", null, 96, 80, 1, 7, null, null, inputs, 0);

        // when
        for (int i = 0; i < 2; i++) {
            BackendOutcome outcome = result(
                    backend.generate(edit, new BackendCall(LONG_TIMEOUT, JobReference.of(key), listener, failing)));
            assertThat(failed(outcome).code()).isEqualTo("INPUT_IMAGE_NOT_FETCHED");
        }

        // then
        assertThat(server.requests("GET /object_info")).hasSize(1);
    }

    @Test
    void detailNamesTheNodeAndDropsTheTraceback() {
        server.script("{\"failedJob\": \"torch.OutOfMemoryError: Allocation on device 0\\nTIPS\"}");
        assertThat(failed(generate(1)).detail())
                .isEqualTo("node \"3\" (KSampler): torch.OutOfMemoryError: Allocation on device 0");
    }

    @Test
    void findsTheJobAfterTheResponseWasLost() {
        // given
        server.script("{\"dropAccepted\": true}");
        failed(generate(2));

        // when
        BackendOutcome outcome = lookUp(2);

        // then
        assertThat(generated(outcome)).hasSize(2);
        assertThat(server.submissions()).hasSize(1);
        assertThat(backend.canLookUp(JobReference.of(key))).isTrue();
    }

    @Test
    void outcomeIsUnknownWhenAProxyRejectsTheSubmissionAndTheLookUp() {
        // given
        startServer(router -> {
            router.post("/prompt")
                    .handler(context -> context.response().setStatusCode(502).end());
            router.get("/api/jobs/:id")
                    .handler(context -> context.response().setStatusCode(502).end());
        });

        // when
        BackendFailure backendFailure = failed(generate(1));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(backendFailure.httpStatus()).isEqualTo(502);
        assertThat(server.requests("POST /prompt")).hasSize(1);
    }

    @Test
    void findsNoJobThatNeverArrived() {
        // given
        server.script("{\"drop\": true}");
        failed(generate(1));

        // then
        assertThat(lookUp(1)).isEqualTo(new BackendOutcome.JobNotFound());
        assertThat(server.submissions()).hasSize(1);
        assertThat(server.requests("GET /history/" + key)).hasSize(1);
        assertThat(server.requests("GET /queue")).hasSize(1);
    }

    @Test
    void lookUpWaitsForARunningJob() {
        // given
        server.script("{\"delay\": \"60m\"}");
        String foreignJob = server.submitForeignJob();
        server.script("{\"dropAccepted\": true}");
        failed(generate(1));

        // when
        Future<BackendOutcome> outcome = backend.lookUp(request(1), call(LONG_TIMEOUT));
        await().until(() -> !listener.progress.isEmpty());
        server.send("POST", "/interrupt", new JsonObject().put("prompt_id", foreignJob));

        // then
        assertThat(generated(result(outcome))).hasSize(1);
        assertThat(server.submissions()).hasSize(2);
    }

    @Test
    void lookUpReportsTheFailureOfTheJob() {
        // given
        server.script("{\"failedJob\": \"RuntimeError: shapes\"}");
        failed(generate(1));

        // then
        assertThat(failed(lookUp(1)).code()).isEqualTo("EXECUTION_FAILED");
    }

    @Test
    void findsNoJobAfterARestartOfTheServer() {
        // given
        generated(generate(1));
        server.stop();
        server.restart();

        // then
        assertThat(lookUp(1)).isEqualTo(new BackendOutcome.JobNotFound());
        assertThat(server.submissions()).isEmpty();
    }

    @Test
    void lookUpOfAnUnreachableServerEndsAtOnce() {
        // given
        useUnreachableServer();

        // when
        BackendFailure backendFailure = failed(lookUp(1));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.NOT_SENT);
    }

    @Test
    void lookUpThatHasReachedTheServerWaitsForItsRestart() {
        // given
        server.script("{\"delay\": \"60m\"}");
        failed(result(backend.generate(request(1), call(SHORT_TIMEOUT))));
        listener.progress.clear();
        Future<BackendOutcome> outcome = backend.lookUp(request(1), call(LONG_TIMEOUT));
        await().until(() -> !listener.progress.isEmpty());

        // when
        server.stop();
        server.restart();

        // then
        assertThat(result(outcome)).isEqualTo(new BackendOutcome.JobNotFound());
        assertThat(server.submissions()).isEmpty();
    }

    @Test
    void lookUpThatShowsNothingStaysAmbiguous() {
        // given
        startServer(router -> router.get("/queue")
                .handler(context -> context.response().setStatusCode(403).end()));

        // when
        BackendFailure backendFailure = failed(result(backend.lookUp(request(1), call(SHORT_TIMEOUT))));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(server.requests("GET /queue")).hasSizeGreaterThan(1);
    }

    @Test
    void unansweredSubmissionEndsAtTheTimeout() {
        // given
        generated(generate(1));
        server.script("{\"hang\": true}");
        JobReference job = JobReference.of(UUID.randomUUID());

        // when
        BackendFailure backendFailure = failed(result(backend.generate(request(1), call(SHORT_TIMEOUT, job))));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(backendFailure.timedOut()).isTrue();
        assertThat(result(backend.lookUp(request(1), call(LONG_TIMEOUT, job))))
                .isEqualTo(new BackendOutcome.JobNotFound());
    }

    @Test
    void jobThatDoesNotEndEndsAtTheTimeout() {
        // given
        server.script("{\"delay\": \"60m\"}");

        // when
        BackendFailure backendFailure = failed(result(backend.generate(request(1), call(SHORT_TIMEOUT))));

        // then
        assertThat(backendFailure.timedOut()).isTrue();
        assertThat(server.submissions()).hasSize(1);
    }

    @Test
    void unreachableServerIsNotSent() {
        useUnreachableServer();
        BackendFailure backendFailure = failed(generate(1));
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.NOT_SENT);
        assertThat(backendFailure.code()).isEqualTo("CONNECTION_REFUSED");
    }

    @Test
    void repeatsFailedPollsAndSubmitsOnce() {
        // given
        AtomicInteger polls = new AtomicInteger();
        startServer(router -> router.get("/api/jobs/:id").handler(context -> {
            switch (polls.incrementAndGet()) {
                case 1 -> context.response().setStatusCode(500).end();
                case 2 -> context.response().setStatusCode(404).end("<html>Not Found</html>");
                case 3 -> context.response().end("{\"status\": \"comp");
                case 4 -> context.request().connection().close();
                case 5 -> context.json(new JsonObject().put("status", "a new state"));
                default -> context.next();
            }
        }));

        // then
        assertThat(generated(generate(1))).hasSize(1);
        assertThat(server.submissions()).hasSize(1);
        assertThat(polls.get()).isGreaterThan(1);
    }

    @Test
    void jobThatWasRemovedIsLost() {
        // given
        server.script("{\"delay\": \"60m\"}");
        server.submitForeignJob();
        Future<BackendOutcome> outcome = backend.generate(request(1), call(LONG_TIMEOUT));
        await().until(() -> !listener.accepted.isEmpty());

        // when
        server.send("POST", "/queue", new JsonObject("{\"delete\": [\"" + key + "\"]}"));

        // then
        BackendFailure backendFailure = failed(result(outcome));
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.RESULT_LOST);
        assertThat(backendFailure.code()).isEqualTo("JOB_LOST");
    }

    @Test
    void unreadableResponseOfAnAcceptedSubmissionIsNoFailure() {
        // given
        startServer(router -> ComfyUiTestServer.forwardPrompts(
                router, submission -> submission, answer -> Buffer.buffer("<html>Welcome</html>")));

        // then
        assertThat(generated(generate(1))).hasSize(1);
        assertThat(server.submissions()).hasSize(1);
    }

    @Test
    void usesTheIdThatTheServerChose() {
        // given
        startServer(router -> ComfyUiTestServer.forwardPrompts(
                router,
                submission -> {
                    submission.remove("prompt_id");
                    return submission;
                },
                answer -> answer));

        // when
        assertThat(generated(generate(1))).hasSize(1);

        // then
        String id = listener.accepted.get(0);
        assertThat(id).isNotEqualTo(key.toString());
        assertThat(backend.canLookUp(JobReference.of(key))).isFalse();
        JobReference known = new JobReference(key, id);
        assertThat(backend.canLookUp(known)).isTrue();
        assertThat(generated(result(backend.lookUp(request(1), call(LONG_TIMEOUT, known)))))
                .hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "NoSuchNode, text, unknown node type NoSuchNode",
        "CLIPTextEncode, txt, 'node \"6\" (CLIPTextEncode), input \"txt\": unknown input'"
    })
    void workflowThatDoesNotFitTheServerIsNotSubmitted(
            String type, String input, String detail, @TempDir Path directory) throws IOException {
        // given
        Path workflow = Files.writeString(
                directory.resolve("w.json"),
                "{\"6\": {\"class_type\": \"%s\", \"inputs\": {\"%s\": \"%%prompt%%\"}}}".formatted(type, input));
        backend = backend(workflow);

        // when
        BackendFailure backendFailure = failed(generate(1));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.TERMINAL_INPUT);
        assertThat(backendFailure.code()).isEqualTo("WORKFLOW_MISMATCH");
        assertThat(backendFailure.detail()).contains("w.json", detail);
        assertThat(server.submissions()).isEmpty();
    }
}
