package dev.darkroom.generation.store;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.FinishedGeneration;
import dev.darkroom.generation.GenerationError;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.GenerationStatus;
import dev.darkroom.generation.StoredImage;
import dev.darkroom.generation.TestGenerations;
import dev.darkroom.generation.store.GenerationOutcomeStore.FinishRecord;
import dev.darkroom.generation.store.GenerationOutcomeStore.Requeued;
import dev.darkroom.generation.worker.RetryPolicy;
import io.vertx.core.Future;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Ends of attempts and generations. */
@Tag("database")
class GenerationOutcomeStoreTest {
    private static final GenerationError EXHAUSTED =
            new GenerationError("ATTEMPTS_EXHAUSTED", FailureClass.SERVER_ERROR, "Failed.", true);

    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    @AfterEach
    void assertNoViolations() {
        assertThat(queue.findViolations()).isEmpty();
    }

    private static Optional<Requeued> retry(GenerationLease generationLease, AttemptOutcome outcome, boolean counted) {
        return await(queue.outcomeStore.retry(
                generationLease,
                outcome,
                counted,
                TestFailures.SERVER_ERROR,
                Duration.ZERO,
                null,
                TestGenerations.SUBMITTED));
    }

    private static String generation(String columns) {
        return queue.queryValue("SELECT concat_ws(' ', " + columns + ") FROM generations");
    }

    private static String lastAttempt(String columns) {
        return queue.queryValue(
                "SELECT concat_ws(' ', " + columns + ") FROM generation_attempts ORDER BY number DESC LIMIT 1");
    }

    @Test
    void newGenerationIsPendingAndQueued() {
        // when
        queue.submit();

        // then
        assertThat(generation("status, failed_attempts, completed_at")).isEqualTo("PENDING 0");
        assertThat(queue.queryValue("SELECT counted_failures + lost_attempts + lease_token FROM generation_queue"))
                .isEqualTo("0");
    }

    @Test
    void cancellationEndsAttemptNoEarlierThanItsStart() {
        // given a claim that started after the time of the cancellation
        GenerationLease generationLease = queue.submitAndClaim();
        queue.execute("UPDATE generation_queue SET attempt_started_at = now() + interval '10 s'");

        // when
        Optional<FinishRecord> finished = await(queue.outcomeStore.cancel(generationLease.generationId(), "local"));

        // then
        assertThat(finished).isPresent();
        assertThat(lastAttempt("finished_at = started_at, outcome")).isEqualTo("t INTERRUPTED");
        assertThat(queue.queryValue(
                        "SELECT g.completed_at = a.finished_at FROM generations g JOIN generation_attempts a"
                                + " ON a.generation_id = g.id WHERE g.id = '" + generationLease.generationId() + "'"))
                .isEqualTo("true");
    }

    @Test
    void imagesCompleteGeneration() {
        // given
        GenerationLease generationLease = queue.submitAndClaim();
        List<StoredImage> images = GenerationDatabaseFixture.storedImages(1);

        // when
        Optional<FinishRecord> finished =
                await(queue.outcomeStore.complete(generationLease, images, TestGenerations.SUBMITTED));

        // then
        assertThat(finished).hasValueSatisfying(finishRecord -> {
            assertThat(finishRecord.generation())
                    .isEqualTo(new FinishedGeneration(
                            generationLease.generationId(),
                            "local",
                            GenerationStatus.COMPLETE,
                            null,
                            null,
                            1,
                            0,
                            finishRecord.generation().totalTime(),
                            null));
            assertThat(finishRecord.generation().totalTime()).isBetween(Duration.ZERO, Duration.ofMinutes(1));
        });
        assertThat(generation("status, failed_attempts, error_code, completed_at = updated_at"))
                .isEqualTo("COMPLETE 0 t");
        assertThat(lastAttempt("number, outcome, counted, lease_token, node_id, backend, error_code, retry_at"))
                .isEqualTo("1 SUCCEEDED t 1 " + generationLease.nodeId() + " default");
        assertThat(queue.query("SELECT id || ' ' || position || ' ' || bytes || ' ' || storage_key FROM images"))
                .containsExactly(images.get(0).id() + " 0 1000 " + images.get(0).storageKey());
        assertThat(queue.query("SELECT 1 FROM generation_queue")).isEmpty();
    }

    @Test
    void imagesKeepTheirOrder() {
        // given
        GenerationLease generationLease = queue.submitAndClaim();
        queue.execute("UPDATE generations SET image_count = 4");
        List<StoredImage> images = GenerationDatabaseFixture.storedImages(4);

        // when
        await(queue.outcomeStore.complete(generationLease, images, TestGenerations.SUBMITTED));

        // then
        assertThat(queue.query("SELECT id FROM images ORDER BY position"))
                .containsExactlyElementsOf(
                        images.stream().map(image -> image.id().toString()).toList());
    }

    @Test
    void failureReasonFailsGeneration() {
        // given
        GenerationLease generationLease = queue.submitAndClaim();

        // when
        Optional<FinishRecord> finished = await(queue.outcomeStore.fail(
                generationLease,
                AttemptOutcome.RETRYABLE,
                true,
                TestFailures.SERVER_ERROR.withHttpStatus(500),
                EXHAUSTED,
                TestGenerations.SUBMITTED));

        // then
        assertThat(finished.orElseThrow().generation())
                .isEqualTo(new FinishedGeneration(
                        generationLease.generationId(),
                        "local",
                        GenerationStatus.FAILED,
                        "ATTEMPTS_EXHAUSTED",
                        "Failed.",
                        0,
                        1,
                        finished.get().generation().totalTime(),
                        null));
        assertThat(generation("status, failed_attempts, error_code, error_class, error_message, error_retryable"))
                .isEqualTo("FAILED 1 ATTEMPTS_EXHAUSTED SERVER_ERROR Failed. t");
        assertThat(lastAttempt("number, outcome, counted, error_class, error_code, http_status, retry_at"))
                .isEqualTo("1 RETRYABLE t SERVER_ERROR SERVER_ERROR 500");
        assertThat(queue.query("SELECT 1 FROM generation_queue")).isEmpty();
    }

    @Test
    void retryStoresAttemptAndDueTime() {
        // given
        GenerationLease generationLease = queue.submitAndClaim();

        // when
        Optional<Requeued> requeued = await(queue.outcomeStore.retry(
                generationLease,
                AttemptOutcome.RETRYABLE,
                true,
                TestFailures.SERVER_ERROR,
                Duration.ofMillis(1234),
                null,
                TestGenerations.SUBMITTED));

        // then
        assertThat(requeued.orElseThrow().number()).isEqualTo(1);
        assertThat(generation("status, failed_attempts, completed_at")).isEqualTo("PENDING 1");
        assertThat(lastAttempt("number, outcome, counted, retry_at - finished_at"))
                .isEqualTo("1 RETRYABLE t 00:00:01.234");
        assertThat(queue.queryValue("""
                SELECT concat_ws(' ', counted_failures, lost_attempts, lease_token, lease_owner, attempt_started_at,
                  run_at = (SELECT retry_at FROM generation_attempts)) FROM generation_queue""")).isEqualTo("1 0 1 t");
    }

    @Test
    void attemptsAreNumberedAndCounted() {
        // given
        queue.submit();
        UUID node = queue.insertNode();

        // when
        List<Integer> numbers = new ArrayList<>();
        numbers.add(retry(queue.claim(node, 1).get(0), AttemptOutcome.RETRYABLE, true)
                .orElseThrow()
                .number());
        numbers.add(retry(queue.claim(node, 1).get(0), AttemptOutcome.INTERRUPTED, false)
                .orElseThrow()
                .number());
        numbers.add(retry(queue.claim(node, 1).get(0), AttemptOutcome.LOST, false)
                .orElseThrow()
                .number());
        numbers.add(retry(queue.claim(node, 1).get(0), AttemptOutcome.TIMEOUT, true)
                .orElseThrow()
                .number());
        GenerationLease last = queue.claim(node, 1).get(0);

        // then
        assertThat(numbers).containsExactly(1, 2, 3, 4);
        assertThat(last.number()).isEqualTo(5);
        assertThat(last.countedFailures()).isEqualTo(2);
        assertThat(last.lostAttempts()).isEqualTo(1);
        await(queue.outcomeStore.complete(last, GenerationDatabaseFixture.storedImages(1), TestGenerations.SUBMITTED));
        assertThat(generation("status, failed_attempts")).isEqualTo("COMPLETE 4");
        assertThat(lastAttempt("number, outcome")).isEqualTo("5 SUCCEEDED");
    }

    @Test
    void releaseKeepsPlaceAndStoresNoAttempt() {
        // given
        GenerationLease generationLease = queue.submitAndClaim();
        String runAt = queue.queryValue("SELECT run_at FROM generation_queue");

        // when
        boolean held = await(queue.leaseStore.release(generationLease, false, Duration.ZERO));

        // then
        assertThat(held).isTrue();
        assertThat(queue.queryValue("SELECT run_at FROM generation_queue")).isEqualTo(runAt);
        assertThat(queue.queryValue("SELECT lease_owner FROM generation_queue")).isNull();
        assertThat(generation("status, failed_attempts")).isEqualTo("PENDING 0");
        assertThat(queue.query("SELECT 1 FROM generation_attempts")).isEmpty();
    }

    @Test
    void repeatedCompletionChangesNothingAndIsRecorded() {
        // given
        GenerationLease generationLease = queue.submitAndClaim();
        await(queue.outcomeStore.complete(
                generationLease, GenerationDatabaseFixture.storedImages(1), TestGenerations.SUBMITTED));
        List<String> before = queue.readAllRows();

        // when
        Optional<FinishRecord> again = await(queue.outcomeStore.complete(
                generationLease, GenerationDatabaseFixture.storedImages(1), TestGenerations.SUBMITTED));

        // then
        assertThat(again).isEmpty();
        assertThat(await(queue.outcomeStore.isRecorded(generationLease, AttemptOutcome.SUCCEEDED)))
                .isTrue();
        assertThat(queue.readAllRows()).isEqualTo(before);
    }

    @Test
    void unwrittenAttemptIsNotRecorded() {
        // given
        GenerationLease generationLease = queue.submitAndClaim();

        // then
        assertThat(await(queue.outcomeStore.isRecorded(generationLease, AttemptOutcome.SUCCEEDED)))
                .isFalse();
    }

    @Test
    void listenerWritesInTheSameTransaction() {
        // given
        queue.execute("CREATE TABLE IF NOT EXISTS ended (id uuid, status text, code text)");
        GenerationOutcomeStore outcomes = queue.outcomeStoreWith((scope, generations) -> scope.connection()
                .preparedQuery("INSERT INTO ended VALUES ($1, $2, $3)")
                .executeBatch(generations.stream()
                        .map(each -> Tuple.of(each.id(), each.status().name(), each.errorCode()))
                        .toList())
                .mapEmpty());
        GenerationLease complete = queue.submitAndClaim();
        GenerationLease failed = queue.submitAndClaim();
        UUID expired = queue.submit();
        queue.execute("UPDATE generation_queue SET deadline = now() WHERE generation_id = '" + expired + "'");

        // when
        await(outcomes.complete(complete, GenerationDatabaseFixture.storedImages(1), TestGenerations.SUBMITTED));
        await(outcomes.fail(
                failed,
                AttemptOutcome.RETRYABLE,
                true,
                TestFailures.SERVER_ERROR,
                EXHAUSTED,
                TestGenerations.SUBMITTED));
        await(outcomes.expire(expired, RetryPolicy.deadlineExceeded(FailureClass.NOT_SENT)));

        // then
        assertThat(queue.query("SELECT concat_ws(' ', id, status, code) FROM ended"))
                .containsExactlyInAnyOrder(
                        complete.generationId() + " COMPLETE",
                        failed.generationId() + " FAILED ATTEMPTS_EXHAUSTED",
                        expired + " FAILED DEADLINE_EXCEEDED");
    }

    @Test
    void failedListenerRollsBackTheEnd() {
        // given
        queue.execute("CREATE TABLE IF NOT EXISTS ended (id uuid, status text, code text)", "TRUNCATE ended");
        GenerationOutcomeStore outcomes = queue.outcomeStoreWith(
                (scope, generations) -> scope.connection()
                        .preparedQuery("INSERT INTO ended VALUES ($1, 'half', null)")
                        .execute(Tuple.of(generations.get(0).id()))
                        .mapEmpty(),
                (scope, generations) -> Future.failedFuture("listener failed"));
        GenerationLease generationLease = queue.submitAndClaim();
        List<String> before = queue.readAllRows();

        // when
        assertThatThrownBy(() -> await(outcomes.complete(
                        generationLease, GenerationDatabaseFixture.storedImages(1), TestGenerations.SUBMITTED)))
                .hasMessageContaining("listener failed");
        assertThatThrownBy(() -> await(outcomes.fail(
                        generationLease,
                        AttemptOutcome.RETRYABLE,
                        true,
                        TestFailures.SERVER_ERROR,
                        EXHAUSTED,
                        TestGenerations.SUBMITTED)))
                .hasMessageContaining("listener failed");

        // then the lease is still valid, and the end can be written later
        assertThat(queue.readAllRows()).isEqualTo(before);
        assertThat(queue.query("SELECT 1 FROM ended")).isEmpty();
        assertThat(await(queue.outcomeStore.complete(
                        generationLease, GenerationDatabaseFixture.storedImages(1), TestGenerations.SUBMITTED)))
                .isPresent();
    }

    @Test
    void throwingListenerRollsBackTheEnd() {
        // given
        GenerationOutcomeStore outcomes = queue.outcomeStoreWith((scope, generations) -> {
            throw new IllegalStateException("a bug");
        });
        GenerationLease generationLease = queue.submitAndClaim();
        List<String> before = queue.readAllRows();

        // when
        assertThatThrownBy(() -> await(outcomes.complete(
                        generationLease, GenerationDatabaseFixture.storedImages(1), TestGenerations.SUBMITTED)))
                .hasMessageContaining("a bug");

        // then
        assertThat(queue.readAllRows()).isEqualTo(before);
    }
}
