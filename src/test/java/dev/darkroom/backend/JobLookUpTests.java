package dev.darkroom.backend;

import static dev.darkroom.backend.BackendFixture.failed;
import static dev.darkroom.backend.BackendFixture.flag;
import static dev.darkroom.backend.BackendFixture.generated;
import static dev.darkroom.backend.BackendFixture.get;
import static dev.darkroom.backend.SimulatorBackendFixture.awaitClosedConnection;
import static dev.darkroom.backend.SimulatorBackendFixture.awaitSubmissionCount;
import static dev.darkroom.backend.SimulatorBackendFixture.call;
import static dev.darkroom.backend.SimulatorBackendFixture.simulator;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendFixture.RecordingJobListener;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Tests of protocols in which the AI server chooses the id of a job. For subclasses of {@link SimulatorBackendFixture}. */
public interface JobLookUpTests {
    Duration TIMEOUT = BackendFixture.LONG_TIMEOUT;

    ImageBackend jobBackend();

    ImageRequest jobRequest(int count);

    @Test
    default void findsAnAcceptedJobAndDoesNotSubmitAgain() {
        // given a call that ends while its job runs
        simulator.script(new JsonObject().put("delay", "300ms"));
        RecordingJobListener listener = new RecordingJobListener();
        BackendCall first = call(listener);
        Future<BackendOutcome> aborted = jobBackend().generate(jobRequest(2), first);
        await().until(() -> !listener.accepted.isEmpty());
        first.abort();
        assertThat(get(aborted)).isInstanceOf(BackendOutcome.Aborted.class);
        JobReference job = new JobReference(first.job().key(), listener.accepted.get(0));

        // when
        assertThat(jobBackend().canLookUp(job)).isTrue();
        BackendOutcome outcome =
                get(jobBackend().lookUp(jobRequest(2), new BackendCall(TIMEOUT, job, JobListener.NONE)));

        // then
        assertThat(generated(outcome)).hasSize(2);
        assertThat(simulator.recordedRequests()).hasSize(1);

        // when the same job is looked up again, then the result is the same
        assertThat(generated(get(jobBackend().lookUp(jobRequest(2), new BackendCall(TIMEOUT, job, JobListener.NONE)))))
                .isEqualTo(generated(outcome));
    }

    @Test
    default void doesNotLookUpWithoutAnId() {
        // given
        simulator.script(flag("dropAccepted"));
        BackendCall backendCall = new BackendCall(TIMEOUT);
        assertThat(failed(get(jobBackend().generate(jobRequest(1), backendCall)))
                        .failureClass())
                .isEqualTo(FailureClass.AMBIGUOUS);

        // then
        assertThat(jobBackend().canLookUp(backendCall.job())).isFalse();
        assertThat(failed(get(jobBackend().lookUp(jobRequest(1), backendCall))).failureClass())
                .isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(simulator.recordedRequests()).hasSize(1);
    }

    @Test
    default void abortClosesTheCall() {
        // given
        simulator.script(flag("hang"));
        BackendCall backendCall = new BackendCall(TIMEOUT, JobReference.of(UUID.randomUUID()), JobListener.NONE);
        Future<BackendOutcome> outcome = jobBackend().generate(jobRequest(1), backendCall);
        awaitSubmissionCount(1);

        // when
        backendCall.abort();

        // then
        assertThat(get(outcome)).isInstanceOf(BackendOutcome.Aborted.class);
        awaitClosedConnection();
    }
}
