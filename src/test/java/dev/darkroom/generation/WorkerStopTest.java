package dev.darkroom.generation;

import static dev.darkroom.generation.QueueFixture.await;
import static dev.darkroom.generation.WorkerFixture.awaitTrue;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.Outcome;
import dev.darkroom.node.NodeVerticle;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What becomes of the work of a process that stops, drains or loses its identity. */
@Tag("database")
class WorkerStopTest {
    @RegisterExtension
    static final QueueFixture queue = new QueueFixture();

    private final WorkerFixture process = new WorkerFixture(queue);

    @Test
    void whatIsUnderWayMayFinishWithinTheGrace() {
        // given
        queue.submit();
        Promise<Outcome> answer = Promise.promise();
        FakeBackend backend = new FakeBackend(request -> answer.future());
        String worker = process.deploy(backend, Duration.ofMinutes(1));
        awaitTrue("a call", () -> backend.calls() == 1);

        // when
        Future<Void> stopped = queue.vertx.undeploy(worker);
        answer.complete(FakeBackend.picture());

        // then
        await(stopped);
        assertThat(process.attempts()).isEqualTo("SUCCEEDED true");
    }

    @Test
    void whatIsLeftAfterTheGraceGoesBackUncounted() {
        // given
        queue.submit();
        queue.submit();
        FakeBackend backend = FakeBackend.silent();
        String worker = process.deploy(backend);
        awaitTrue("two calls", () -> backend.calls() == 2);

        // when
        await(queue.vertx.undeploy(worker));

        // then it is due at once for whoever is left
        assertThat(process.attempts()).isEqualTo("INTERRUPTED false, INTERRUPTED false");
        assertThat(process.leased()).isEqualTo("0");
        assertThat(queue.claim(queue.node(), 10))
                .hasSize(2)
                .allSatisfy(lease -> assertThat(lease.counted()).isZero());
        assertThat(queue.brokenInvariants()).isEmpty();
    }

    @Test
    void aStopInTheMiddleOfAClaimGivesBackWhatItBrings() {
        // given a claim that waits for the table
        FakeBackend backend = FakeBackend.silent();
        queue.submit();
        queue.submit();
        Promise<Void> release = Promise.promise();
        Promise<Void> isLocked = Promise.promise();
        Future<Void> unlocked = queue.database.inTransaction(connection -> connection
                .query("LOCK TABLE generation_queue IN ACCESS EXCLUSIVE MODE")
                .execute()
                .compose(locked -> {
                    isLocked.complete();
                    return release.future();
                }));
        await(isLocked.future());
        String worker = process.deploy(backend);
        awaitTrue(
                "a claim that waits",
                () -> !queue.query(
                                "SELECT 1 FROM pg_locks WHERE relation = 'generation_queue'::regclass AND NOT granted")
                        .isEmpty());

        // when the worker is told to stop before the claim can be answered: one event loop sees both, in this order
        Future<Void> stopped = queue.vertx.undeploy(worker);
        assertThat(stopped.isComplete()).isFalse();
        release.complete();
        await(unlocked);
        await(stopped);

        // then nothing was asked for, and nothing is left behind
        assertThat(process.leased()).isEqualTo("0");
        assertThat(process.attempts()).isNull();
        assertThat(backend.calls()).isZero();
        assertThat(queue.claim(queue.node(), 10)).hasSize(2);
    }

    @Test
    void nothingIsTakenAfterTheStop() {
        // given
        FakeBackend backend = FakeBackend.well();
        String worker = process.deploy(backend);
        await(queue.vertx.undeploy(worker));

        // when
        queue.submit();
        process.wake();

        // then
        assertThat(await(queue.leases.claim(
                        queue.node(), QueueFixture.ROUTE, 1, QueueFixture.BACKEND, QueueFixture.ATTEMPT)))
                .hasSize(1);
        assertThat(backend.calls()).isZero();
    }

    @Test
    void aDrainingProcessTakesNothing() {
        // given
        FakeBackend backend = FakeBackend.well();
        process.deploy(backend);
        await(NodeVerticle.drain(process.node, queue.database));

        // when
        queue.submit();
        process.wake();

        // then another process finds the work untouched
        assertThat(queue.claim(queue.node(), 1)).hasSize(1);
        assertThat(backend.calls()).isZero();
    }

    @Test
    void whoeverLostItsIdentityBreaksItsWorkOffAndRecordsNothing() {
        // given
        UUID id = queue.submit();
        FakeBackend backend = FakeBackend.silent();
        String worker = process.deploy(backend, Duration.ofMinutes(1));
        awaitTrue("a call", () -> backend.calls() == 1);
        List<String> before = queue.snapshot();
        UUID old = process.node.trusted().orElseThrow();

        // when
        queue.expire(old);
        awaitTrue("the loss is noticed", () -> !process.node.trusted().equals(Optional.of(old)));

        // then the call is aborted, so that the stop has nothing to wait for
        await(queue.vertx.undeploy(worker));
        assertThat(queue.snapshot()).isEqualTo(before);
        assertThat(queue.value("SELECT generation_id FROM generation_queue WHERE lease_owner IS NOT NULL"))
                .isEqualTo(id.toString());
    }
}
