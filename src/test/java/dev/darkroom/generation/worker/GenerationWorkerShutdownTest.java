package dev.darkroom.generation.worker;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static dev.darkroom.generation.worker.GenerationWorkerFixture.awaitTrue;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import dev.darkroom.node.NodeHeartbeatVerticle;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Attempts of a process that stops, drains or loses its identity. */
@Tag("database")
class GenerationWorkerShutdownTest {
    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private final GenerationWorkerFixture process = new GenerationWorkerFixture(queue);

    @Test
    void runningAttemptMayFinishWithinTheGracePeriod() {
        // given
        queue.submit();
        Promise<BackendOutcome> response = Promise.promise();
        FakeImageBackend backend = new FakeImageBackend(request -> response.future());
        String worker = process.deploy(backend, Duration.ofMinutes(1));
        awaitTrue("a call", () -> backend.callCount() == 1);

        // when
        Future<Void> stopped = queue.vertx.undeploy(worker);
        response.complete(FakeImageBackend.imageOutcome());

        // then
        await(stopped);
        assertThat(process.attemptOutcomes()).isEqualTo("SUCCEEDED true");
    }

    @Test
    void requeuesUncountedAfterTheGracePeriod() {
        // given
        queue.submit();
        queue.submit();
        FakeImageBackend backend = FakeImageBackend.hanging();
        String worker = process.deploy(backend);
        awaitTrue("two calls", () -> backend.callCount() == 2);

        // when
        await(queue.vertx.undeploy(worker));

        // then the generations are due immediately for other processes
        assertThat(process.attemptOutcomes()).isEqualTo("INTERRUPTED false, INTERRUPTED false");
        assertThat(process.countLeased()).isEqualTo("0");
        assertThat(queue.claim(queue.insertNode(), 10))
                .hasSize(2)
                .allSatisfy(generationLease ->
                        assertThat(generationLease.countedFailures()).isZero());
        assertThat(queue.findViolations()).isEmpty();
    }

    @Test
    void stopDuringAClaimReleasesItsLeases() {
        // given a claim that waits for a table lock
        FakeImageBackend backend = FakeImageBackend.hanging();
        queue.submit();
        queue.submit();
        Promise<Void> release = Promise.promise();
        Promise<Void> isLocked = Promise.promise();
        Future<Void> unlocked = queue.database.inTransaction(scope -> scope.connection()
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

        // when the worker stops before the claim completes: both happen on one event loop, in this order
        Future<Void> stopped = queue.vertx.undeploy(worker);
        assertThat(stopped.isComplete()).isFalse();
        release.complete();
        await(unlocked);
        await(stopped);

        // then no call was made, and no lease is left
        assertThat(process.countLeased()).isEqualTo("0");
        assertThat(process.attemptOutcomes()).isNull();
        assertThat(backend.callCount()).isZero();
        assertThat(queue.claim(queue.insertNode(), 10)).hasSize(2);
    }

    @Test
    void claimsNothingAfterTheStop() {
        // given
        FakeImageBackend backend = FakeImageBackend.succeeding();
        String worker = process.deploy(backend);
        await(queue.vertx.undeploy(worker));

        // when
        queue.submit();
        process.wakeWorkers();

        // then
        assertThat(await(GenerationDatabaseFixture.claim(
                        queue.leaseStore, queue.insertNode(), 1, GenerationDatabaseFixture.ATTEMPT)))
                .hasSize(1);
        assertThat(backend.callCount()).isZero();
    }

    @Test
    void drainingProcessClaimsNothing() {
        // given
        FakeImageBackend backend = FakeImageBackend.succeeding();
        process.deploy(backend);
        await(NodeHeartbeatVerticle.drain(process.localNode, queue.database));

        // when
        queue.submit();
        process.wakeWorkers();

        // then another process claims the generation
        assertThat(queue.claim(queue.insertNode(), 1)).hasSize(1);
        assertThat(backend.callCount()).isZero();
    }

    @Test
    void lostIdentityAbortsAttemptsAndRecordsNothing() {
        // given
        UUID id = queue.submit();
        FakeImageBackend backend = FakeImageBackend.hanging();
        String worker = process.deploy(backend, Duration.ofMinutes(1));
        awaitTrue("a call", () -> backend.callCount() == 1);
        List<String> before = queue.readAllRows();
        UUID old = process.localNode.validId().orElseThrow();

        // when
        queue.expireNode(old);
        awaitTrue("the loss is detected", () -> !process.localNode.validId().equals(Optional.of(old)));

        // then the call is aborted, so that the stop does not wait
        await(queue.vertx.undeploy(worker));
        assertThat(queue.readAllRows()).isEqualTo(before);
        assertThat(queue.queryValue("SELECT generation_id FROM generation_queue WHERE lease_owner IS NOT NULL"))
                .isEqualTo(id.toString());
    }
}
