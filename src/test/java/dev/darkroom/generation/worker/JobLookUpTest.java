package dev.darkroom.generation.worker;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static dev.darkroom.generation.worker.GenerationWorkerFixture.awaitTrue;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.JobReference;
import dev.darkroom.config.BackendSettings.AmbiguityPolicy;
import dev.darkroom.config.Settings;
import dev.darkroom.config.TestSettings;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.GenerationSignals;
import dev.darkroom.generation.TestGenerations;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import dev.darkroom.generation.store.TestFailures;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Submissions with an unknown outcome: looked up where possible, otherwise repeated or given up. */
@Tag("database")
class JobLookUpTest {
    private static final Future<BackendOutcome> GENERATED = Future.succeededFuture(FakeImageBackend.imageOutcome());
    private static final Future<BackendOutcome> TIMED_OUT =
            Future.succeededFuture(new BackendOutcome.Failed(TestFailures.TIMED_OUT));
    private static final Future<BackendOutcome> NOT_FOUND = Future.succeededFuture(new BackendOutcome.JobNotFound());

    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private GenerationWorkerFixture process;

    @BeforeEach
    void registerNode() {
        process = new GenerationWorkerFixture(queue);
    }

    private Settings settings(AmbiguityPolicy policy) {
        Settings settings = process.workerSettings(Duration.ofMillis(200));
        return TestSettings.with(
                settings, "backends", List.of(TestSettings.with(settings.backend(), "onAmbiguous", policy)));
    }

    private String attempts() {
        return queue.queryValue(
                "SELECT string_agg(outcome || ' ' || selection, ', ' ORDER BY number) FROM generation_attempts");
    }

    @Test
    void lostResponseIsLookedUp() {
        // given
        UUID id = queue.submit();
        FakeImageBackend backend = new FakeImageBackend(request -> TIMED_OUT, job -> GENERATED);

        // when
        process.deploy(backend, settings(AmbiguityPolicy.FAIL));

        // then
        process.awaitComplete(1);
        assertThat(backend.submitted()).hasSize(1);
        assertThat(attempts()).isEqualTo("TIMEOUT ONLY, SUCCEEDED LOOK_UP");
        assertThat(backend.callCount(id.toString())).isEqualTo(1);
    }

    @Test
    void submissionOfADeadProcessIsLookedUpByItsKeyAndId() {
        // given a process that submitted, stored the id of the AI server and died
        GenerationLease dead = queue.submitAndClaim();
        await(queue.leaseStore.storeProviderId(dead, "id-7"));
        queue.loseSubmission(dead);
        JobReference[] lookedUp = new JobReference[1];
        FakeImageBackend backend = new FakeImageBackend(request -> GENERATED, job -> {
            lookedUp[0] = job;
            return GENERATED;
        });

        // when
        process.deploy(backend, settings(AmbiguityPolicy.FAIL));

        // then
        process.awaitComplete(1);
        assertThat(backend.submitted()).isEmpty();
        assertThat(lookedUp[0])
                .isEqualTo(new JobReference(GenerationLease.jobKey(dead.generationId(), dead.token()), "id-7"));
    }

    @Test
    void submissionIsLookedUpWithItsApiKey() {
        // given a process that stored the name of its API key and died
        GenerationLease dead = queue.submitAndClaim();
        await(queue.leaseStore.storeApiKey(dead, "spare"));
        queue.loseSubmission(dead);
        JobReference[] lookedUp = new JobReference[1];
        FakeImageBackend backend = new FakeImageBackend(request -> GENERATED, job -> {
            lookedUp[0] = job;
            return GENERATED;
        });

        // when
        process.deploy(backend, settings(AmbiguityPolicy.FAIL));

        // then
        process.awaitComplete(1);
        assertThat(lookedUp[0])
                .isEqualTo(new JobReference(GenerationLease.jobKey(dead.generationId(), dead.token()), null, "spare"));
        assertThat(queue.queryValue("SELECT string_agg(api_key, ',') FROM generation_attempts"))
                .isEqualTo("spare,spare");
    }

    @Test
    void nextSubmissionForgetsTheApiKeyOfTheLast() {
        // given
        GenerationLease failed = queue.submitAndClaim();
        await(queue.leaseStore.storeApiKey(failed, "spare"));
        await(queue.outcomeStore.retry(
                failed,
                AttemptOutcome.RETRYABLE,
                true,
                TestFailures.of(FailureClass.SERVER_ERROR),
                Duration.ZERO,
                null,
                TestGenerations.SUBMITTED));

        // when
        process.deploy(FakeImageBackend.succeeding(), settings(AmbiguityPolicy.FAIL));

        // then
        process.awaitComplete(1);
        assertThat(queue.queryValue(
                        "SELECT string_agg(coalesce(api_key, 'none'), ',' ORDER BY number) FROM generation_attempts"))
                .isEqualTo("spare,none");
    }

    @Test
    void drainedServerGetsLookUpsAndNoSubmissions() {
        // given a submission with an unknown outcome, and a generation that waits
        GenerationLease dead = queue.submitAndClaim();
        queue.loseSubmission(dead);
        queue.submit();
        FakeImageBackend backend = new FakeImageBackend(request -> GENERATED, job -> GENERATED);

        // when
        process.drain();
        process.deploy(backend, settings(AmbiguityPolicy.FAIL));

        // then
        process.awaitComplete(1);
        assertThat(attempts()).isEqualTo("LOST ONLY, SUCCEEDED LOOK_UP");
        assertThat(backend.submitted()).isEmpty();
    }

    @Test
    void unknownJobOfADrainedServerWaitsForTheEndOfTheDrain() {
        // given
        GenerationLease dead = queue.submitAndClaim();
        queue.loseSubmission(dead);
        FakeImageBackend backend = new FakeImageBackend(request -> GENERATED, job -> NOT_FOUND);

        // when
        process.drain();
        process.deploy(backend, settings(AmbiguityPolicy.FAIL));

        // then
        awaitTrue(
                "no unresolved job",
                () -> "1 0"
                        .equals(
                                queue.queryValue(
                                        "SELECT concat(count(*), ' ', count(job_backend)) FROM generation_queue WHERE lease_owner IS NULL")));
        assertThat(backend.submitted()).isEmpty();
    }

    @Test
    void unknownJobIsSubmittedAgainWithAnotherKey() {
        // given
        queue.submit();
        AtomicInteger submissions = new AtomicInteger();
        FakeImageBackend backend = new FakeImageBackend(
                request -> submissions.incrementAndGet() == 1 ? TIMED_OUT : GENERATED, job -> NOT_FOUND);

        // when
        process.deploy(backend, settings(AmbiguityPolicy.FAIL));

        // then
        process.awaitComplete(1);
        assertThat(attempts()).isEqualTo("TIMEOUT ONLY, SUCCEEDED ONLY");
        assertThat(backend.submitted()).hasSize(2);
        assertThat(backend.submitted()).extracting(JobReference::key).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @EnumSource(names = {"NOT_SENT", "INTERNAL", "RESULT_DOWNLOAD"})
    void failedLookUpIsRepeated(FailureClass failureClass) {
        // given
        queue.submit();
        AtomicInteger lookUps = new AtomicInteger();
        FakeImageBackend backend = new FakeImageBackend(
                request -> TIMED_OUT,
                job -> lookUps.incrementAndGet() < 3
                        ? Future.succeededFuture(new BackendOutcome.Failed(TestFailures.of(failureClass)))
                        : GENERATED);

        // when
        process.deploy(backend, settings(AmbiguityPolicy.RETRY));

        // then
        process.awaitComplete(1);
        assertThat(backend.submitted()).hasSize(1);
        assertThat(attempts()).isEqualTo("TIMEOUT ONLY, RETRYABLE LOOK_UP, RETRYABLE LOOK_UP, SUCCEEDED LOOK_UP");
    }

    @Test
    void rejectedCredentialsOfALookUpEndTheGeneration() {
        // given
        queue.submit();
        FakeImageBackend backend = new FakeImageBackend(
                request -> TIMED_OUT,
                job -> Future.succeededFuture(new BackendOutcome.Failed(TestFailures.of(FailureClass.TERMINAL_AUTH))));

        // when
        process.deploy(backend, settings(AmbiguityPolicy.RETRY));

        // then it is not submitted again
        awaitTrue("the end", () -> "TERMINAL_AUTH".equals(queue.queryValue("SELECT error_code FROM generations")));
        assertThat(backend.submitted()).hasSize(1);
    }

    @Test
    void definiteFailureOfTheJobIsSubmittedAgainWithAnotherKey() {
        // given
        queue.submit();
        AtomicInteger submissions = new AtomicInteger();
        FakeImageBackend backend = new FakeImageBackend(
                request -> submissions.incrementAndGet() == 1 ? TIMED_OUT : GENERATED,
                job -> Future.succeededFuture(new BackendOutcome.Failed(TestFailures.SERVER_ERROR)));

        // when
        process.deploy(backend, settings(AmbiguityPolicy.FAIL));

        // then
        process.awaitComplete(1);
        assertThat(attempts()).isEqualTo("TIMEOUT ONLY, RETRYABLE LOOK_UP, SUCCEEDED ONLY");
        assertThat(backend.submitted()).extracting(JobReference::key).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @EnumSource(names = {"AMBIGUOUS", "RESULT_DOWNLOAD", "INTERNAL"})
    void withoutLookUpTheSettingDecides(FailureClass failureClass) {
        // given
        queue.submit();
        FakeImageBackend backend = new FakeImageBackend(
                request -> Future.succeededFuture(new BackendOutcome.Failed(TestFailures.of(failureClass))));

        // when
        process.deploy(backend, settings(AmbiguityPolicy.FAIL));

        // then
        awaitTrue("the end", () -> "OUTCOME_UNKNOWN".equals(queue.queryValue("SELECT error_code FROM generations")));
        assertThat(backend.submitted()).hasSize(1);
        assertThat(attempts()).isEqualTo("RETRYABLE ONLY");
    }

    @Test
    void lostAttemptWithoutLookUpIsGivenUp() {
        // given a process that submitted and died
        GenerationLease dead = queue.submitAndClaim();
        queue.loseSubmission(dead);
        FakeImageBackend backend = FakeImageBackend.succeeding();

        // when
        process.deploy(backend, settings(AmbiguityPolicy.FAIL));

        // then
        awaitTrue("the end", () -> "OUTCOME_UNKNOWN".equals(queue.queryValue("SELECT error_code FROM generations")));
        assertThat(backend.submitted()).isEmpty();
    }

    @Test
    void cancelledGenerationCancelsItsJob() {
        // given
        UUID id = queue.submit();
        FakeImageBackend backend = new FakeImageBackend(
                request -> Promise.<BackendOutcome>promise().future(), job -> NOT_FOUND);
        process.deploy(backend, settings(AmbiguityPolicy.AUTO));
        awaitTrue("a call", () -> backend.submitted().size() == 1);
        awaitTrue(
                "the last reported progress",
                () -> "40 "
                        .equals(queue.queryValue(
                                "SELECT concat(job_percent, ' ', job_queue_position) FROM generation_queue")));

        // when
        await(queue.outcomeStore.cancel(id, null));
        GenerationSignals.CANCELLED.publish(queue.notifyChannel);

        // then
        awaitTrue("a cancelled job", () -> backend.cancelled().size() == 1);
        UUID key = backend.submitted().get(0).key();
        assertThat(backend.cancelled()).containsExactly(new JobReference(key, "id of " + key));
    }
}
