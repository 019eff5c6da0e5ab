package dev.darkroom.generation.worker;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static dev.darkroom.generation.worker.GenerationWorkerFixture.awaitTrue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.backend.JobReference;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import dev.darkroom.generation.watch.GenerationEventPublisher;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("database")
class JobRecorderTest {
    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private final GenerationLease lease = queue.submitAndClaim();
    private final JobRecorder jobRecorder = new JobRecorder(
            queue.vertx, lease, queue.leaseStore, new GenerationEventPublisher(queue.vertx, queue.notifyChannel));

    private static String storedJob() {
        return queue.queryValue("SELECT concat_ws(' ', provider_job_id, job_api_key) FROM generation_queue");
    }

    @Test
    void apiKeyOfALostLeaseIsNotStored() {
        // given
        await(queue.leaseStore.release(lease, false, Duration.ZERO));

        // then
        assertThatThrownBy(() -> await(jobRecorder.onApiKeySelected("main")))
                .hasStackTraceContaining("the lease is lost");
        assertThat(jobRecorder.job()).isEqualTo(lease.job());
    }

    @Test
    void submissionWithAnotherKeyForgetsTheJobOfTheFirst() {
        // given a job that was accepted and then failed for the quota of its key
        await(jobRecorder.onApiKeySelected("main"));
        jobRecorder.onAccepted("id-of-main");
        jobRecorder.onUsage(Map.of("credits", BigDecimal.ONE));

        // when
        await(jobRecorder.onApiKeySelected("spare"));

        // then a look-up asks for no job of another account
        assertThat(jobRecorder.job()).isEqualTo(new JobReference(lease.job().key(), null, "spare"));
        assertThat(jobRecorder.usage()).isEmpty();
        assertThat(storedJob()).isEqualTo("spare");

        // when
        jobRecorder.onAccepted("id-of-spare");

        // then
        awaitTrue("stored", () -> storedJob().equals("id-of-spare spare"));
    }
}
