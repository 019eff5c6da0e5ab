package dev.darkroom.generation.worker;

import static dev.darkroom.generation.worker.GenerationWorkerFixture.awaitTrue;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.generation.ImmediateStart;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import dev.darkroom.generation.store.IdempotencyKey;
import dev.darkroom.generation.store.SubmissionStore.Submitted;
import dev.darkroom.generation.store.TestFailures;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Generations that the statement of their submission leases to the worker of the same process. */
@Tag("database")
class ImmediateStartTest {
    /** Capacity of the worker in {@link GenerationWorkerFixture}. */
    private static final int CAPACITY = 4;

    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private final GenerationWorkerFixture process = new GenerationWorkerFixture(queue);

    private static String id(Submitted submitted) {
        return submitted.generation().id().toString();
    }

    private static String lease(Submitted submitted) {
        return queue.queryValue("SELECT coalesce(lease_owner::text, 'none') || ' ' || lease_token FROM generation_queue"
                + " WHERE generation_id = '" + id(submitted) + "'");
    }

    /** Waits until the first claim of the worker has ended and the whole capacity is free. */
    private void awaitFirstClaim() {
        awaitTrue(
                "no reservation",
                () -> process.immediateStart
                        .request(Map.of(GenerationDatabaseFixture.ROUTE, CAPACITY))
                        .map(permission -> {
                            permission.start(List.of(), Duration.ZERO, Duration.ZERO);
                            return permission.reservation().count() == CAPACITY;
                        })
                        .orElse(false));
    }

    /** Waits until each event loop has run its tasks: the instances are distributed over all of them. */
    private static void awaitEventLoops() {
        GenerationDatabaseFixture.await(
                queue.vertx.deployVerticle(() -> new VerticleBase() {}, new DeploymentOptions().setInstances(32)));
    }

    @Test
    void anIdleProcessStartsTheAttemptWithoutAClaim() {
        // given a worker that no signal wakes, and that does not poll within this test
        Queue<ImageRequest> requests = new ConcurrentLinkedQueue<>();
        FakeImageBackend backend = new FakeImageBackend(request -> {
            requests.add(request);
            return Future.succeededFuture(FakeImageBackend.imageOutcome());
        });
        process.deploy(backend);
        awaitFirstClaim();

        // when
        Submitted submitted = queue.submit(process.immediateStart);

        // then
        assertThat(submitted.started()).isTrue();
        process.awaitComplete(1);
        assertThat(requests)
                .containsExactly(new ImageRequest(
                        id(submitted), "a lighthouse", null, 64, 64, 1, 7, null, null, InputImages.NONE, 0));
        assertThat(queue.query("SELECT number || ' ' || lease_token || ' ' || outcome FROM generation_attempts"))
                .containsExactly("1 1 SUCCEEDED");
    }

    @Test
    void theLeaseIsCommittedWithTheGeneration() {
        // given
        process.deploy(FakeImageBackend.hanging());
        awaitFirstClaim();

        // when
        Submitted submitted = queue.submit(process.immediateStart);

        // then
        assertThat(lease(submitted)).isEqualTo(process.localNode.claimingId().orElseThrow() + " 1");
        assertThat(queue.queryValue("SELECT attempt_backend || ' ' || (attempt_deadline - attempt_started_at) = '"
                        + GenerationDatabaseFixture.BACKEND + " ' || make_interval(secs => "
                        + queue.settings.backend().timeout().toSeconds() + ") FROM generation_queue"))
                .isEqualTo("true");
    }

    @Test
    void startsAsManyAsThereIsCapacity() {
        // given
        FakeImageBackend backend = FakeImageBackend.hanging();
        process.deploy(backend);
        awaitFirstClaim();

        // when one more than the capacity is submitted, and the worker is not signaled
        List<Submitted> submitted = new ArrayList<>();
        for (int i = 0; i <= CAPACITY; i++) {
            submitted.add(queue.submit(process.immediateStart));
        }

        // then the last one waits
        assertThat(submitted.stream().map(Submitted::started)).containsExactly(true, true, true, true, false);
        assertThat(lease(submitted.get(CAPACITY))).isEqualTo("none 0");
        awaitTrue("calls", () -> backend.callCount() == CAPACITY);
    }

    @Test
    void doesNotOvertakeADueGeneration() {
        // given a due generation of which the worker got no signal
        process.deploy(FakeImageBackend.hanging());
        awaitFirstClaim();
        queue.submit();

        // when
        Submitted submitted = queue.submit(process.immediateStart);

        // then
        assertThat(submitted.started()).isFalse();
        assertThat(lease(submitted)).isEqualTo("none 0");
    }

    @Test
    void aRetryThatIsNotDueYetDoesNotPreventIt() {
        // given a generation that waits for its next attempt
        FakeImageBackend backend = new FakeImageBackend(
                request -> Future.succeededFuture(new BackendOutcome.Failed(TestFailures.SERVER_ERROR)));
        process.deploy(backend);
        awaitFirstClaim();
        queue.submit(process.immediateStart);
        awaitTrue(
                "attempt recorded",
                () -> queue.queryValue("SELECT count(*) FROM generation_attempts")
                        .equals("1"));
        queue.execute("UPDATE generation_queue SET run_at = now() + interval '1 hour'");

        // when
        Submitted submitted = queue.submit(process.immediateStart);

        // then
        assertThat(submitted.started()).isTrue();
    }

    @Test
    void anExpiredNodeGetsNoLease() {
        // given a node that the database considers dead and that does not know it yet
        process.deploy(FakeImageBackend.hanging());
        awaitFirstClaim();
        queue.expireNode(process.localNode.claimingId().orElseThrow());

        // when
        Submitted submitted = queue.submit(process.immediateStart);

        // then
        assertThat(submitted.started()).isFalse();
        assertThat(lease(submitted)).isEqualTo("none 0");
    }

    @Test
    void aDrainingProcessReservesNothing() {
        // given
        process.deploy(FakeImageBackend.hanging());
        awaitFirstClaim();

        // when
        process.localNode.drain();

        // then
        assertThat(process.immediateStart.request(Map.of(GenerationDatabaseFixture.ROUTE, 1)))
                .isEmpty();
    }

    @Test
    void aLeaseOfAStoppedWorkerIsReleased() {
        // given a worker that is undeployed between reservation and commit
        String deployment = process.deploy(FakeImageBackend.hanging());
        awaitFirstClaim();
        ImmediateStart.Permission permission = process.immediateStart
                .request(Map.of(GenerationDatabaseFixture.ROUTE, 1))
                .orElseThrow();
        Future<?> undeployed = queue.vertx.undeploy(deployment);
        ImmediateStart stopped = new ImmediateStart();
        stopped.connect(max -> Optional.of(permission));

        // when
        Submitted submitted = queue.submit(stopped);

        // then the worker stops after the release
        GenerationDatabaseFixture.await(undeployed);
        assertThat(lease(submitted)).isEqualTo("none 1");
        assertThat(process.immediateStart.request(Map.of(GenerationDatabaseFixture.ROUTE, 1)))
                .isEmpty();
    }

    @Test
    void aFailedSubmissionEndsItsReservation() {
        // given
        process.deploy(FakeImageBackend.hanging());
        awaitFirstClaim();
        queue.execute("ALTER TABLE generations ADD CONSTRAINT nothing_allowed CHECK (false) NOT VALID");

        // when
        Promise<Submitted> failed = Promise.promise();
        queue.submitWith(process.immediateStart).onComplete(failed);
        awaitTrue("failure", () -> failed.future().failed());
        queue.execute("ALTER TABLE generations DROP CONSTRAINT nothing_allowed");

        // then the whole capacity is free again
        awaitFirstClaim();
    }

    @Test
    void aDueGenerationGetsTheCapacityBeforeNewOnes() {
        // given a submission that reserved the whole capacity
        process.deploy(FakeImageBackend.succeeding());
        awaitFirstClaim();
        ImmediateStart.Permission permission = process.immediateStart
                .request(Map.of(GenerationDatabaseFixture.ROUTE, CAPACITY))
                .orElseThrow();

        // when a generation becomes due meanwhile, and the worker finds no capacity to claim it
        queue.submit();
        process.wakeWorkers();
        awaitEventLoops();
        List<ImmediateStart.Permission> later = queue.callWhileLocked(() -> {
            permission.start(List.of(), Duration.ZERO, Duration.ZERO);
            return process.immediateStart.request(Map.of(GenerationDatabaseFixture.ROUTE, 1)).stream()
                    .map(Future::succeededFuture)
                    .toList();
        });

        // then no other submission may start before it, and the end of the reservation leads to a claim, without a
        // signal
        assertThat(later).isEmpty();
        process.awaitComplete(1);
    }

    @Test
    void aBatchOfTwoUsersIsLeasedInTurn() {
        // given
        process.deploy(FakeImageBackend.hanging());
        awaitFirstClaim();

        // when the first is sent at once and the others share a statement
        List<Submitted> submitted = queue.callWhileLocked(() ->
                queue.submitWith(process.immediateStart, List.of("mary", "mary", "mary", "mary", "mary", "john")));

        // then the remaining capacity of three is used in turn
        assertThat(submitted.stream().map(Submitted::started)).containsExactly(true, true, true, false, false, true);
    }

    @Test
    void aSubmissionWithAKeyStartsToo() {
        // given
        process.deploy(FakeImageBackend.succeeding());
        awaitFirstClaim();

        // when
        Submitted submitted = queue.submit(process.immediateStart, IdempotencyKey.forRetry("key", UUID.randomUUID()));

        // then
        assertThat(submitted.started()).isTrue();
        process.awaitComplete(1);
    }
}
