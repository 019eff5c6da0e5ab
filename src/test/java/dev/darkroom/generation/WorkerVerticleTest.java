package dev.darkroom.generation;

import static dev.darkroom.generation.WorkerFixture.awaitTrue;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.Outcome;
import io.vertx.core.Future;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A process at work: what it takes, and when it looks for more. */
@Tag("database")
class WorkerVerticleTest {
    @RegisterExtension
    static final QueueFixture queue = new QueueFixture();

    private final WorkerFixture process = new WorkerFixture(queue);

    @Test
    void workThatWaitsIsFoundAtTheStart() {
        // given more than fits at once
        for (int i = 0; i < 10; i++) {
            queue.submit();
        }

        // when
        process.deploy(FakeBackend.well());

        // then
        process.awaitComplete(10);
    }

    @Test
    void aSubmissionWakesTheWorker() {
        // given a worker that found nothing and will not poll within this test
        FakeBackend backend = FakeBackend.well();
        process.deploy(backend);

        // when
        queue.submit();
        process.wake();

        // then
        process.awaitComplete(1);
    }

    @Test
    void noWakeUpIsLost() {
        // given
        process.deploy(FakeBackend.well());

        // when each submission is followed by its wake-up at once, whatever the worker is doing
        for (int i = 0; i < 50; i++) {
            queue.submit();
            process.wake();
        }

        // then
        process.awaitComplete(50);
    }

    @Test
    void noMoreIsTakenThanCanBeWorkedOn() {
        // given
        for (int i = 0; i < 10; i++) {
            queue.submit();
        }
        FakeBackend backend = FakeBackend.silent();

        // when
        process.deploy(backend);
        awaitTrue("four calls", () -> backend.calls() == 4);
        process.wake();

        // then
        assertThat(process.leased()).isEqualTo("4");
        assertThat(backend.calls()).isEqualTo(4);
    }

    @Test
    void aRetryOfItsOwnWakesTheWorker() {
        // given
        UUID id = queue.submit();
        FakeBackend[] backend = new FakeBackend[1];
        backend[0] = new FakeBackend(request -> Future.succeededFuture(
                backend[0].calls(id.toString()) < 3
                        ? new Outcome.Failed(Failures.SERVER_ERROR)
                        : FakeBackend.picture()));

        // when
        process.deploy(backend[0]);

        // then
        process.awaitComplete(1);
        assertThat(process.attempts()).isEqualTo("RETRYABLE true, RETRYABLE true, SUCCEEDED true");
    }

    @Test
    void confirmsThatAttemptsOfErasedGenerationsHaveEnded() {
        // given an attempt under way whose generation is erased, and one that ended before
        FakeBackend backend = FakeBackend.silent();
        queue.submit();
        process.deploy(backend);
        awaitTrue("a call", () -> backend.calls() == 1);
        String node = process.node.claimant().orElseThrow().toString();
        queue.execute(
                "INSERT INTO erased_attempts SELECT generation_id, lease_token, lease_owner, user_id, 1 FROM generation_queue",
                "INSERT INTO erased_attempts VALUES (gen_random_uuid(), 7, '" + node + "', 'local', 1)",
                "INSERT INTO erased_attempts VALUES (gen_random_uuid(), 8, gen_random_uuid(), 'local', 1)",
                "DELETE FROM generation_queue");

        // when
        queue.vertx.eventBus().publish(GenerationBus.ERASED, null);

        // then only the one that is over is confirmed
        awaitTrue("a confirmation", () -> confirmed().equals("7"));

        // when the attempt is aborted
        queue.vertx.eventBus().publish(GenerationBus.CANCELLED, null);

        // then
        awaitTrue("the other confirmation", () -> {
            queue.vertx.eventBus().publish(GenerationBus.ERASED, null);
            return confirmed().equals("1 7");
        });
        queue.execute("TRUNCATE erased_attempts");
    }

    private static String confirmed() {
        return queue.value("SELECT coalesce(string_agg(lease_token::text, ' ' ORDER BY lease_token), '')"
                + " FROM erased_attempts WHERE ended");
    }

    @Test
    void aLeaseWhoseClaimWasNeverAnsweredIsGivenBack() {
        // given what the database says this process has held for long, and the process knows nothing of
        queue.submit();
        queue.claim(process.node.claimant().orElseThrow(), 1);
        queue.execute("UPDATE generation_queue SET attempt_started_at = now() - interval '1 min'");

        // when
        process.deploy(FakeBackend.well(), queue.settings);

        // then
        process.awaitComplete(1);
        assertThat(process.attempts()).isEqualTo("SUCCEEDED true");
    }
}
