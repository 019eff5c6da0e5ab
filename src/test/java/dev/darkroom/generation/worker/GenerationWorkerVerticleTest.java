package dev.darkroom.generation.worker;

import static dev.darkroom.generation.worker.GenerationWorkerFixture.awaitTrue;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.generation.GenerationSignals;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import dev.darkroom.generation.store.TestFailures;
import io.vertx.core.Future;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Claims of a worker, and the events that trigger them. */
@Tag("database")
class GenerationWorkerVerticleTest {
    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private final GenerationWorkerFixture process = new GenerationWorkerFixture(queue);

    @Test
    void claimsWaitingGenerationsAtTheStart() {
        // given more generations than the capacity
        for (int i = 0; i < 10; i++) {
            queue.submit();
        }

        // when
        process.deploy(FakeImageBackend.succeeding());

        // then
        process.awaitComplete(10);
    }

    @Test
    void submissionWakesTheWorker() {
        // given a worker that found nothing and does not poll within this test
        FakeImageBackend backend = FakeImageBackend.succeeding();
        process.deploy(backend);

        // when
        queue.submit();
        process.wakeWorkers();

        // then
        process.awaitComplete(1);
    }

    @Test
    void losesNoWakeUp() {
        // given
        process.deploy(FakeImageBackend.succeeding());

        // when a wake-up follows each submission immediately, in any state of the worker
        for (int i = 0; i < 50; i++) {
            queue.submit();
            process.wakeWorkers();
        }

        // then
        process.awaitComplete(50);
    }

    @Test
    void claimsAtMostTheCapacity() {
        // given
        for (int i = 0; i < 10; i++) {
            queue.submit();
        }
        FakeImageBackend backend = FakeImageBackend.hanging();

        // when
        process.deploy(backend);
        awaitTrue("four calls", () -> backend.callCount() == 4);
        process.wakeWorkers();

        // then
        assertThat(process.countLeased()).isEqualTo("4");
        assertThat(backend.callCount()).isEqualTo(4);
    }

    @Test
    void ownRetryWakesTheWorker() {
        // given
        UUID id = queue.submit();
        FakeImageBackend[] backend = new FakeImageBackend[1];
        backend[0] = new FakeImageBackend(request -> Future.succeededFuture(
                backend[0].callCount(id.toString()) < 3
                        ? new BackendOutcome.Failed(TestFailures.SERVER_ERROR)
                        : FakeImageBackend.imageOutcome()));

        // when
        process.deploy(backend[0]);

        // then
        process.awaitComplete(1);
        assertThat(process.attemptOutcomes()).isEqualTo("RETRYABLE true, RETRYABLE true, SUCCEEDED true");
    }

    @Test
    void confirmsThatAttemptsOfErasedGenerationsHaveEnded() {
        // given a running attempt of an erased generation, and one that has ended
        FakeImageBackend backend = FakeImageBackend.hanging();
        queue.submit();
        process.deploy(backend);
        awaitTrue("a call", () -> backend.callCount() == 1);
        String node = process.localNode.claimingId().orElseThrow().toString();
        queue.execute(
                "INSERT INTO erased_attempts SELECT generation_id, lease_token, lease_owner, user_id, 1 FROM generation_queue",
                "INSERT INTO erased_attempts VALUES (gen_random_uuid(), 7, '" + node + "', 'local', 1)",
                "INSERT INTO erased_attempts VALUES (gen_random_uuid(), 8, gen_random_uuid(), 'local', 1)",
                "DELETE FROM generation_queue");

        // when
        GenerationSignals.ERASED.publish(queue.notifyChannel);

        // then only the ended attempt is confirmed
        awaitTrue("a confirmation", () -> confirmed().equals("7"));

        // when the attempt is aborted
        GenerationSignals.CANCELLED.publish(queue.notifyChannel);

        // then
        awaitTrue("the other confirmation", () -> {
            GenerationSignals.ERASED.publish(queue.notifyChannel);
            return confirmed().equals("1 7");
        });
        queue.execute("TRUNCATE erased_attempts");
    }

    private static String confirmed() {
        return queue.queryValue("SELECT coalesce(string_agg(lease_token::text, ' ' ORDER BY lease_token), '')"
                + " FROM erased_attempts WHERE ended");
    }

    @Test
    void releasesLeaseWhoseClaimResponseWasLost() {
        // given an old lease of this process in the database without an attempt
        queue.submit();
        queue.claim(process.localNode.claimingId().orElseThrow(), 1);
        queue.execute("UPDATE generation_queue SET attempt_started_at = now() - interval '1 min'");

        // when
        process.deploy(FakeImageBackend.succeeding(), queue.settings);

        // then
        process.awaitComplete(1);
        assertThat(process.attemptOutcomes()).isEqualTo("SUCCEEDED true");
    }
}
