package dev.darkroom.backend.comfyui;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A server before 0.25: without {@code /api/jobs}. Unknown paths return 404 in plain text. */
class ComfyUiOlderServerTest extends ComfyUiBackendFixture {
    @BeforeEach
    void removeJobsApi() {
        startServer(router -> router.route("/api/jobs/*")
                .handler(context -> context.response()
                        .setStatusCode(404)
                        .putHeader("Content-Type", "text/plain; charset=utf-8")
                        .end("404: Not Found")));
    }

    @Test
    void returnsTheRequestedImages() {
        assertThat(generated(generate(2))).hasSize(2);
        assertThat(server.submissions()).hasSize(1);
    }

    @Test
    void reportsTheFailureOfTheJob() {
        server.script("{\"failedJob\": \"torch.OutOfMemoryError: Allocation\"}");
        assertThat(failed(generate(1)).code()).isEqualTo("OUT_OF_MEMORY");
    }

    @Test
    void findsTheJobAfterTheResponseWasLost() {
        // given
        server.script("{\"dropAccepted\": true}");
        failed(generate(1));

        // then
        assertThat(generated(lookUp(1))).hasSize(1);
        assertThat(server.submissions()).hasSize(1);
    }

    @Test
    void findsNoJobThatNeverArrived() {
        assertThat(lookUp(1)).isEqualTo(new BackendOutcome.JobNotFound());
    }

    @Test
    void reportsThePositionInTheQueueAndCancelsAWaitingJob() {
        // given
        server.script("{\"delay\": \"60m\"}");
        String foreignJob = server.submitForeignJob();
        Future<BackendOutcome> outcome = backend.generate(request(1), call(LONG_TIMEOUT));
        await().until(() -> listener.progress.contains(new JobProgress(null, 1)));

        // when
        result(backend.cancel(JobReference.of(key)));

        // then
        assertThat(failed(result(outcome)).code()).isEqualTo("JOB_LOST");
        assertThat(server.requests("POST /interrupt")).isEmpty();
        assertThat(server.send("GET", "/queue", null).body()).contains(foreignJob);
    }

    @Test
    void cancelsARunningJobWithItsId() {
        // given
        server.script("{\"delay\": \"60m\"}");
        Future<BackendOutcome> outcome = backend.generate(request(1), call(LONG_TIMEOUT));
        await().until(() -> listener.progress.contains(new JobProgress(null, null)));

        // when
        result(backend.cancel(JobReference.of(key)));

        // then
        assertThat(failed(result(outcome)).code()).isEqualTo("INTERRUPTED_AT_SERVER");
        assertThat(server.requests("POST /interrupt")).hasSize(1);
    }

    @Test
    void cancellationOfAnEndedJobInterruptsNoOther() {
        // given
        generated(generate(1));
        server.script("{\"delay\": \"60m\"}");
        server.submitForeignJob();

        // when
        result(backend.cancel(JobReference.of(key)));

        // then
        assertThat(server.requests("POST /interrupt")).isEmpty();
    }

    @Test
    void unreadableQueueDoesNotShowThatTheJobIsAbsent() {
        // given
        startServer(router -> {
            router.route("/api/jobs/*")
                    .handler(context -> context.response().setStatusCode(404).end());
            router.get("/queue").handler(context -> {
                if (server.requests("GET /queue").size() < 3) {
                    context.json(new JsonObject().put("queue", "unknown"));
                } else {
                    context.next();
                }
            });
        });

        // then
        assertThat(lookUp(1)).isEqualTo(new BackendOutcome.JobNotFound());
        assertThat(server.requests("GET /queue")).hasSize(3);
    }
}
