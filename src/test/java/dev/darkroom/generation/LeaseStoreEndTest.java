package dev.darkroom.generation;

import static dev.darkroom.generation.QueueFixture.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.generation.LeaseStore.Ended;
import dev.darkroom.generation.LeaseStore.Requeued;
import dev.darkroom.generation.RetryDecision.Reason;
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

/** How an attempt ends, and with it sometimes a generation. */
@Tag("database")
class LeaseStoreEndTest {
    private static final Reason EXHAUSTED =
            new Reason("ATTEMPTS_EXHAUSTED", FailureClass.SERVER_ERROR, "Given up.", true);

    @RegisterExtension
    static final QueueFixture queue = new QueueFixture();

    @AfterEach
    void nothingIsBroken() {
        assertThat(queue.brokenInvariants()).isEmpty();
    }

    private static Optional<Requeued> retry(Lease lease, AttemptOutcome outcome, boolean counted) {
        return await(queue.leases.retry(lease, outcome, counted, Failures.SERVER_ERROR, Duration.ZERO));
    }

    private static String generation(String columns) {
        return queue.value("SELECT concat_ws(' ', " + columns + ") FROM generations");
    }

    private static String lastAttempt(String columns) {
        return queue.value(
                "SELECT concat_ws(' ', " + columns + ") FROM generation_attempts ORDER BY number DESC LIMIT 1");
    }

    @Test
    void aNewGenerationIsPendingAndInTheQueue() {
        // when
        queue.submit();

        // then
        assertThat(generation("status, failed_attempts, completed_at")).isEqualTo("PENDING 0");
        assertThat(queue.value("SELECT counted_failures + lost_attempts + lease_token FROM generation_queue"))
                .isEqualTo("0");
    }

    @Test
    void aCancelThatWaitedForTheClaimDoesNotEndTheAttemptBeforeItBegan() {
        // given a claim of a moment after the one that the cancel is of
        Lease lease = queue.claimed();
        queue.execute("UPDATE generation_queue SET attempt_started_at = now() + interval '10 s'");

        // when
        Optional<Ended> ended = await(queue.leases.cancel(lease.generationId(), "local"));

        // then
        assertThat(ended).isPresent();
        assertThat(lastAttempt("finished_at = started_at, outcome")).isEqualTo("t INTERRUPTED");
        assertThat(queue.value("SELECT g.completed_at = a.finished_at FROM generations g JOIN generation_attempts a"
                        + " ON a.generation_id = g.id WHERE g.id = '" + lease.generationId() + "'"))
                .isEqualTo("true");
    }

    @Test
    void picturesCompleteAGeneration() {
        // given
        Lease lease = queue.claimed();
        List<KeptPicture> pictures = QueueFixture.pictures(1);

        // when
        Optional<Ended> ended = await(queue.leases.complete(lease, pictures));

        // then
        EndedGeneration complete =
                new EndedGeneration(lease.generationId(), "local", GenerationStatus.COMPLETE, null, null, 1, 0);
        assertThat(ended).hasValueSatisfying(end -> {
            assertThat(end.generation()).isEqualTo(complete);
            assertThat(end.age()).isBetween(Duration.ZERO, Duration.ofMinutes(1));
        });
        assertThat(generation("status, failed_attempts, error_code, completed_at = updated_at"))
                .isEqualTo("COMPLETE 0 t");
        assertThat(lastAttempt("number, outcome, counted, lease_token, node_id, backend, error_code, retry_at"))
                .isEqualTo("1 SUCCEEDED t 1 " + lease.nodeId() + " default");
        assertThat(queue.query("SELECT id || ' ' || position || ' ' || bytes || ' ' || storage_key FROM images"))
                .containsExactly(
                        pictures.get(0).id() + " 0 1000 " + pictures.get(0).storageKey());
        assertThat(queue.query("SELECT 1 FROM generation_queue")).isEmpty();
    }

    @Test
    void picturesKeepTheirOrder() {
        // given
        Lease lease = queue.claimed();
        queue.execute("UPDATE generations SET image_count = 4");
        List<KeptPicture> pictures = QueueFixture.pictures(4);

        // when
        await(queue.leases.complete(lease, pictures));

        // then
        assertThat(queue.query("SELECT id FROM images ORDER BY position"))
                .containsExactlyElementsOf(pictures.stream()
                        .map(picture -> picture.id().toString())
                        .toList());
    }

    @Test
    void aReasonFailsAGeneration() {
        // given
        Lease lease = queue.claimed();

        // when
        Optional<Ended> ended = await(queue.leases.fail(
                lease, AttemptOutcome.RETRYABLE, true, Failures.SERVER_ERROR.withHttpStatus(500), EXHAUSTED));

        // then
        assertThat(ended.orElseThrow().generation())
                .isEqualTo(new EndedGeneration(
                        lease.generationId(),
                        "local",
                        GenerationStatus.FAILED,
                        "ATTEMPTS_EXHAUSTED",
                        "Given up.",
                        0,
                        1));
        assertThat(generation("status, failed_attempts, error_code, error_class, error_message, error_retryable"))
                .isEqualTo("FAILED 1 ATTEMPTS_EXHAUSTED SERVER_ERROR Given up. t");
        assertThat(lastAttempt("number, outcome, counted, error_class, error_code, http_status, retry_at"))
                .isEqualTo("1 RETRYABLE t SERVER_ERROR SERVER_ERROR 500");
        assertThat(queue.query("SELECT 1 FROM generation_queue")).isEmpty();
    }

    @Test
    void aRetryWritesTheAttemptAndTheNextTimeTogether() {
        // given
        Lease lease = queue.claimed();

        // when
        Optional<Requeued> requeued = await(queue.leases.retry(
                lease, AttemptOutcome.RETRYABLE, true, Failures.SERVER_ERROR, Duration.ofMillis(1234)));

        // then
        assertThat(requeued.orElseThrow().number()).isEqualTo(1);
        assertThat(generation("status, failed_attempts, completed_at")).isEqualTo("PENDING 1");
        assertThat(lastAttempt("number, outcome, counted, retry_at - finished_at"))
                .isEqualTo("1 RETRYABLE t 00:00:01.234");
        assertThat(queue.value("""
                SELECT concat_ws(' ', counted_failures, lost_attempts, lease_token, lease_owner, attempt_started_at,
                  run_at = (SELECT retry_at FROM generation_attempts)) FROM generation_queue""")).isEqualTo("1 0 1 t");
    }

    @Test
    void attemptsAreNumberedAndCountedAsTheyEnd() {
        // given
        queue.submit();
        UUID node = queue.node();

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
        Lease last = queue.claim(node, 1).get(0);

        // then
        assertThat(numbers).containsExactly(1, 2, 3, 4);
        assertThat(last.number()).isEqualTo(5);
        assertThat(last.counted()).isEqualTo(2);
        assertThat(last.lost()).isEqualTo(1);
        await(queue.leases.complete(last, QueueFixture.pictures(1)));
        assertThat(generation("status, failed_attempts")).isEqualTo("COMPLETE 4");
        assertThat(lastAttempt("number, outcome")).isEqualTo("5 SUCCEEDED");
    }

    @Test
    void whatWasReleasedKeepsItsPlaceAndLeavesNoAttempt() {
        // given
        Lease lease = queue.claimed();
        String place = queue.value("SELECT run_at FROM generation_queue");

        // when
        boolean held = await(queue.leases.release(lease));

        // then
        assertThat(held).isTrue();
        assertThat(queue.value("SELECT run_at FROM generation_queue")).isEqualTo(place);
        assertThat(queue.value("SELECT lease_owner FROM generation_queue")).isNull();
        assertThat(generation("status, failed_attempts")).isEqualTo("PENDING 0");
        assertThat(queue.query("SELECT 1 FROM generation_attempts")).isEmpty();
    }

    @Test
    void theSecondWriteOfTheSameSuccessChangesNothingAndIsRecognised() {
        // given
        Lease lease = queue.claimed();
        await(queue.leases.complete(lease, QueueFixture.pictures(1)));
        List<String> before = queue.snapshot();

        // when
        Optional<Ended> again = await(queue.leases.complete(lease, QueueFixture.pictures(1)));

        // then
        assertThat(again).isEmpty();
        assertThat(await(queue.leases.recorded(lease, AttemptOutcome.SUCCEEDED)))
                .isTrue();
        assertThat(queue.snapshot()).isEqualTo(before);
    }

    @Test
    void anAttemptThatWasNotWrittenIsNotRecorded() {
        // given
        Lease lease = queue.claimed();

        // then
        assertThat(await(queue.leases.recorded(lease, AttemptOutcome.SUCCEEDED)))
                .isFalse();
    }

    @Test
    void whatAListenerWritesIsThereExactlyWhenTheEndIs() {
        // given
        queue.execute("CREATE TABLE IF NOT EXISTS told (id uuid, status text, code text)");
        LeaseStore leases = queue.leasesWith((connection, ends) -> connection
                .preparedQuery("INSERT INTO told VALUES ($1, $2, $3)")
                .executeBatch(ends.stream()
                        .map(end -> Tuple.of(end.id(), end.status().name(), end.errorCode()))
                        .toList())
                .map(told -> () -> {}));
        Lease complete = queue.claimed();
        Lease failed = queue.claimed();
        UUID expired = queue.submit();
        queue.execute("UPDATE generation_queue SET deadline = now() WHERE generation_id = '" + expired + "'");

        // when
        await(leases.complete(complete, QueueFixture.pictures(1)));
        await(leases.fail(failed, AttemptOutcome.RETRYABLE, true, Failures.SERVER_ERROR, EXHAUSTED));
        await(leases.expire(expired, RetryPolicy.deadlineExceeded(FailureClass.NOT_SENT)));

        // then
        assertThat(queue.query("SELECT concat_ws(' ', id, status, code) FROM told"))
                .containsExactlyInAnyOrder(
                        complete.generationId() + " COMPLETE",
                        failed.generationId() + " FAILED ATTEMPTS_EXHAUSTED",
                        expired + " FAILED DEADLINE_EXCEEDED");
    }

    @Test
    void aListenerThatFailsRollsTheEndBack() {
        // given
        queue.execute("CREATE TABLE IF NOT EXISTS told (id uuid, status text, code text)", "TRUNCATE told");
        LeaseStore leases = queue.leasesWith(
                (connection, ends) -> connection
                        .preparedQuery("INSERT INTO told VALUES ($1, 'half', null)")
                        .execute(Tuple.of(ends.get(0).id()))
                        .map(told -> () -> {}),
                (connection, end) -> Future.failedFuture("not today"));
        Lease lease = queue.claimed();
        List<String> before = queue.snapshot();

        // when
        assertThatThrownBy(() -> await(leases.complete(lease, QueueFixture.pictures(1))))
                .hasMessageContaining("not today");
        assertThatThrownBy(() ->
                        await(leases.fail(lease, AttemptOutcome.RETRYABLE, true, Failures.SERVER_ERROR, EXHAUSTED)))
                .hasMessageContaining("not today");

        // then the lease still holds, and the end can be written later
        assertThat(queue.snapshot()).isEqualTo(before);
        assertThat(queue.query("SELECT 1 FROM told")).isEmpty();
        assertThat(await(queue.leases.complete(lease, QueueFixture.pictures(1))))
                .isPresent();
    }

    @Test
    void aListenerThatThrowsRollsTheEndBackToo() {
        // given
        LeaseStore leases = queue.leasesWith((connection, end) -> {
            throw new IllegalStateException("a bug");
        });
        Lease lease = queue.claimed();
        List<String> before = queue.snapshot();

        // when
        assertThatThrownBy(() -> await(leases.complete(lease, QueueFixture.pictures(1))))
                .hasMessageContaining("a bug");

        // then
        assertThat(queue.snapshot()).isEqualTo(before);
    }
}
