package dev.darkroom.generation.store;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.TestGenerations;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Constraints of the tables, which hold independently of the code. */
@Tag("database")
class GenerationTableConstraintsTest {
    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private static void assertRejected(String sql, String constraint) {
        assertThatThrownBy(() -> queue.execute(sql)).hasMessageContaining(constraint);
    }

    @Test
    void statusIsPendingByDefault() {
        // when
        queue.execute("INSERT INTO generations (id, user_id, prompt, width, height, image_count, seed) VALUES ('"
                + UUID.randomUUID() + "', 'local', 'a lighthouse', 64, 64, 1, 7)");

        // then
        assertThat(queue.queryValue("SELECT status FROM generations")).isEqualTo("PENDING");
    }

    @ParameterizedTest
    @ValueSource(strings = {"RUNNING", "CANCELLED", "pending", "", "COMPLETED"})
    void rejectsUnknownStatus(String status) {
        // given
        queue.submit();

        // then
        assertRejected(
                "UPDATE generations SET completed_at = now(), status = '" + status + "'", "generations_status_known");
    }

    @Test
    void rejectsGenerationWithoutStatus() {
        // given
        queue.submit();

        // then
        assertRejected("UPDATE generations SET status = NULL", "status");
    }

    @Test
    void rejectsGenerationWithoutUser() {
        // given
        queue.submit();

        // then
        assertRejected("UPDATE generations SET user_id = NULL", "user_id");
        assertRejected("UPDATE generation_queue SET user_id = NULL", "user_id");
    }

    @Test
    void rejectsFailedGenerationWithIncompleteError() {
        // given
        queue.submit();
        String failed = "UPDATE generations SET status = 'FAILED', completed_at = now()";

        // then
        assertRejected(failed, "generations_failed_has_error");
        assertRejected(failed + ", error_code = 'X'", "generations_failed_has_error");
        assertRejected(
                failed + ", error_code = 'X', error_class = 'Y', error_message = 'Z'", "generations_failed_has_error");
    }

    @Test
    void rejectsErrorOfGenerationThatHasNotFailed() {
        // given
        queue.submit();
        String error = "error_code = 'X', error_class = 'Y', error_message = 'Z', error_retryable = true";

        // then
        assertRejected("UPDATE generations SET " + error, "generations_failed_has_error");
        assertRejected(
                "UPDATE generations SET status = 'COMPLETE', completed_at = now(), " + error,
                "generations_failed_has_error");
    }

    @Test
    void rejectsInconsistentCompletionTime() {
        // given
        queue.submit();

        // then
        assertRejected("UPDATE generations SET status = 'COMPLETE'", "generations_ended_has_time");
        assertRejected("UPDATE generations SET completed_at = now()", "generations_ended_has_time");
    }

    @Test
    void rejectsSecondSuccess() {
        // given
        GenerationLease generationLease = queue.submitAndClaim();
        await(queue.outcomeStore.complete(
                generationLease, GenerationDatabaseFixture.storedImages(1), TestGenerations.SUBMITTED));

        // then
        assertRejected("""
                INSERT INTO generation_attempts (generation_id, number, lease_token, node_id, backend, selection, started_at,
                  finished_at, outcome, counted)
                SELECT generation_id, 2, 2, node_id, backend, selection, started_at, finished_at, 'SUCCEEDED', true
                FROM generation_attempts""", "generation_attempts_one_success");
    }

    @Test
    void rejectsSecondAttemptOfAClaim() {
        // given
        GenerationLease generationLease = queue.submitAndClaim();
        await(queue.outcomeStore.retry(
                generationLease,
                AttemptOutcome.RETRYABLE,
                true,
                TestFailures.SERVER_ERROR,
                Duration.ZERO,
                null,
                TestGenerations.SUBMITTED));

        // then
        assertRejected("""
                INSERT INTO generation_attempts (generation_id, number, lease_token, node_id, backend, selection, started_at,
                  finished_at, outcome, counted, error_code)
                SELECT generation_id, 2, lease_token, node_id, backend, selection, started_at, finished_at, outcome, true, 'X'
                FROM generation_attempts""", "generation_attempts_once_per_claim");
    }

    @Test
    void rejectsUnknownOutcome() {
        // given
        GenerationLease generationLease = queue.submitAndClaim();
        await(queue.outcomeStore.retry(
                generationLease,
                AttemptOutcome.RETRYABLE,
                true,
                TestFailures.SERVER_ERROR,
                Duration.ZERO,
                null,
                TestGenerations.SUBMITTED));

        // then
        assertRejected("UPDATE generation_attempts SET outcome = 'RUNNING'", "generation_attempts_outcome_known");
        assertRejected("UPDATE generation_attempts SET error_code = NULL", "generation_attempts_failure_has_error");
        for (AttemptOutcome outcome : AttemptOutcome.values()) {
            String code = outcome == AttemptOutcome.SUCCEEDED ? "NULL" : "'X'";
            queue.execute("UPDATE generation_attempts SET outcome = '" + outcome + "', error_code = " + code);
        }
    }

    @Test
    void rejectsIncompleteLease() {
        // given
        queue.submitAndClaim();

        // then
        assertRejected("UPDATE generation_queue SET lease_owner = NULL", "generation_queue_lease_complete");
        assertRejected("UPDATE generation_queue SET attempt_deadline = NULL", "generation_queue_lease_complete");
    }

    @Test
    void rejectsTwoImagesAtOnePosition() {
        // given
        GenerationLease generationLease = queue.submitAndClaim();
        await(queue.outcomeStore.complete(
                generationLease, GenerationDatabaseFixture.storedImages(1), TestGenerations.SUBMITTED));

        // then
        assertRejected("""
                INSERT INTO images (id, generation_id, position, content_type, width, height, bytes, sha256, storage_key)
                SELECT gen_random_uuid(), generation_id, position, content_type, 1, 1, 1, sha256, 'k' FROM images""", "images_once_per_position");
    }
}
