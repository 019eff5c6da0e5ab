package dev.darkroom.backend.comfyui;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.HealthCheckResult;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.NumberRange;
import dev.darkroom.backend.ServerLimits;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageFormat;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Requests, results, progress and cancellation of {@link ComfyUiBackend} with the simulator. */
class ComfyUiBackendTest extends ComfyUiBackendFixture {
    @Test
    void readsTheLimitsOfTheWorkflow() {
        // when
        ServerLimits limits =
                result(backend.readLimits(null, Set.of(), LONG_TIMEOUT)).orElseThrow();

        // then
        assertThat(limits.width()).isEqualTo(NumberRange.between(16, 16384));
        assertThat(limits.count()).isEqualTo(NumberRange.between(1, 4096));
    }

    @Test
    void doesNotReadLimitsFromAnError() {
        // given
        startServer(router -> router.get("/object_info")
                .handler(context -> context.response().setStatusCode(500).end("{}")));

        // when
        boolean failed = result(backend.readLimits(null, Set.of(), LONG_TIMEOUT)
                .transform(read -> Future.succeededFuture(read.failed())));

        // then
        assertThat(failed).isTrue();
    }

    @Test
    void returnsTheRequestedImages() {
        // when
        List<Image> images = generated(generate(2));

        // then
        assertThat(images).extracting(Image::format).containsExactly(ImageFormat.PNG, ImageFormat.PNG);
        assertThat(images.get(0).width()).isEqualTo(96);
        assertThat(images.get(0).height()).isEqualTo(80);
        assertThat(images.get(0).sha256()).isNotEqualTo(images.get(1).sha256());
        assertThat(listener.accepted).containsExactly(key.toString());
    }

    @Test
    void sendsTheRenderedWorkflowWithTheJobKey() {
        // when
        generated(generate(2));

        // then
        JsonObject body = server.submissions().get(0).getJsonObject("body");
        assertThat(body.fieldNames()).containsExactlyInAnyOrder("prompt", "prompt_id", "client_id");
        assertThat(body.getString("prompt_id")).isEqualTo("0190f0aa-1111-7111-8111-00000000000a");
        assertThat(body.getString("client_id")).isEqualTo(body.getString("prompt_id"));
        JsonObject nodes = body.getJsonObject("prompt");
        assertThat(inputs(nodes, "6").getValue("text")).isEqualTo("a secret fox");
        assertThat(inputs(nodes, "7").getValue("text")).isEqualTo("no text");
        assertThat(inputs(nodes, "3").getValue("seed")).isEqualTo(7);
        assertThat(inputs(nodes, "5").getMap())
                .containsEntry("width", 96)
                .containsEntry("height", 80)
                .containsEntry("batch_size", 2);
        assertThat(inputs(nodes, "9").getValue("filename_prefix")).isEqualTo("darkroom/" + key);
    }

    private static JsonObject inputs(JsonObject nodes, String id) {
        return nodes.getJsonObject(id).getJsonObject("inputs");
    }

    @Test
    void neutralizesTagsOfThePrompt() {
        // when
        ImageRequest request = new ImageRequest(
                "generation-1",
                "fox <lora:evil:1> {a|b} (red:1.2)",
                null,
                96,
                80,
                1,
                7,
                null,
                null,
                InputImages.NONE,
                0);
        generated(result(backend.generate(request, call(LONG_TIMEOUT))));

        // then
        JsonObject nodes = server.submissions().get(0).getJsonObject("body").getJsonObject("prompt");
        assertThat(inputs(nodes, "6").getString("text")).isEqualTo("fox \u2039lora:evil:1> {a|b} (red:1.2)");
        assertThat(inputs(nodes, "7").getString("text")).isEmpty();
    }

    @Test
    void removesTheWorkflowFromTheImages() {
        // when
        Image image = generated(generate(1)).get(0);

        // then
        ComfyUiTestServer.ReceivedRequest view = server.requests("GET /view").get(0);
        String served = server.send("GET", "/view?" + view.query(), null).body();
        assertThat(served).contains("tEXtprompt", "a secret fox", "CLIPTextEncode");
        assertThat(new String(image.bytes().toBytes(), StandardCharsets.ISO_8859_1))
                .doesNotContain("tEXt")
                .doesNotContain("a secret fox")
                .doesNotContain("CLIPTextEncode");
    }

    @Test
    void sendsTheApiKeyWithEachRequest() {
        // when
        generated(generate(1));

        // then
        await().until(() -> !server.requests("GET /ws").isEmpty());
        assertThat(server.requests())
                .filteredOn(request -> !request.line().contains("/simulator"))
                .extracting(request -> request.line() + " " + request.headers().get("Authorization"))
                .allMatch(line -> line.endsWith(" Bearer " + API_KEY))
                .anyMatch(line -> line.startsWith("GET /view"))
                .anyMatch(line -> line.startsWith("GET /ws"));
        assertThat(server.requests("GET /ws").get(0).headers().contains("Origin"))
                .isFalse();
    }

    @Test
    void reportsThePositionInTheQueue() {
        // given
        server.script("{\"delay\": \"60m\"}");
        String foreignJob = server.submitForeignJob();

        // when
        Future<BackendOutcome> outcome = backend.generate(request(1), call(LONG_TIMEOUT));
        await().until(() -> listener.progress.contains(new JobProgress(null, 1)));
        server.send("POST", "/interrupt", new JsonObject().put("prompt_id", foreignJob));

        // then
        assertThat(generated(result(outcome))).hasSize(1);
    }

    @Test
    void validatesTheWorkflowOnceAndAgainAfterARejection() {
        // given
        generated(generate(1));
        generated(generate(1));
        assertThat(server.requests("GET /object_info")).hasSize(1);

        // when
        server.script("{\"status\": 400}");
        failed(generate(1));
        generated(generate(1));

        // then
        assertThat(server.requests("GET /object_info")).hasSize(2);
    }

    @Test
    void cancelsARunningJob() {
        // given
        server.script("{\"delay\": \"60m\"}");
        Future<BackendOutcome> outcome = backend.generate(request(1), call(LONG_TIMEOUT));
        await().until(() -> listener.progress.contains(new JobProgress(null, null)));

        // when
        result(backend.cancel(JobReference.of(key)));

        // then
        BackendFailure backendFailure = failed(result(outcome));
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.SERVER_ERROR);
        assertThat(backendFailure.code()).isEqualTo("INTERRUPTED_AT_SERVER");
    }

    @Test
    void cancelsAWaitingJobAndNotTheRunningOne() {
        // given
        server.script("{\"delay\": \"60m\"}");
        String foreignJob = server.submitForeignJob();
        Future<BackendOutcome> outcome = backend.generate(request(1), call(LONG_TIMEOUT));
        await().until(() -> listener.progress.contains(new JobProgress(null, 1)));

        // when
        result(backend.cancel(JobReference.of(key)));

        // then
        assertThat(failed(result(outcome)).code()).isEqualTo("JOB_LOST");
        assertThat(server.send("GET", "/api/jobs/" + foreignJob, null).body()).contains("\"in_progress\"");
    }

    @Test
    void cancellationOfAnUnknownJobStopsNoJob() {
        // given
        server.script("{\"delay\": \"60m\"}");
        String foreignJob = server.submitForeignJob();

        // when
        result(backend.cancel(JobReference.of(UUID.randomUUID())));

        // then
        assertThat(server.send("GET", "/api/jobs/" + foreignJob, null).body()).contains("\"in_progress\"");
    }

    @Test
    void cancellationNeverFails() {
        useUnreachableServer();
        result(backend.cancel(JobReference.of(key)));
    }

    @Test
    void abortEndsTheCall() {
        // given
        server.script("{\"delay\": \"60m\"}");
        BackendCall backendCall = call(LONG_TIMEOUT);
        Future<BackendOutcome> outcome = backend.generate(request(1), backendCall);
        await().until(() -> !listener.accepted.isEmpty());

        // when
        backendCall.abort();

        // then
        assertThat(result(outcome)).isEqualTo(new BackendOutcome.Aborted());
    }

    @Test
    void closeAbortsActiveCalls() {
        // given
        server.script("{\"delay\": \"60m\"}");
        Future<BackendOutcome> outcome = backend.generate(request(1), call(LONG_TIMEOUT));
        await().until(() -> !listener.accepted.isEmpty());

        // when
        result(backend.close());

        // then
        assertThat(result(outcome)).isEqualTo(new BackendOutcome.Aborted());
    }

    @Test
    void healthCheckShowsWhetherTheServerResponds() {
        assertThat(result(backend.checkHealth(Duration.ofSeconds(30)))).isEqualTo(HealthCheckResult.PASSED);
        useUnreachableServer();
        assertThat(result(backend.checkHealth(Duration.ofSeconds(30)))).isEqualTo(HealthCheckResult.UNREACHABLE);
    }
}
