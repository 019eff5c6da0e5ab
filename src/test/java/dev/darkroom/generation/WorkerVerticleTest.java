package dev.darkroom.generation;

import static dev.darkroom.generation.QueueFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.Guard;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.Outcome;
import dev.darkroom.config.Settings;
import dev.darkroom.node.Node;
import dev.darkroom.node.NodeVerticle;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.eventbus.DeliveryOptions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A process at work: what it takes, and what becomes of it when the process stops or loses its identity. */
class WorkerVerticleTest {
    private static final Function<ImageRequest, Future<Outcome>> PICTURE =
            request -> Future.succeededFuture(FakeBackend.picture());
    private static final Function<ImageRequest, Future<Outcome>> NEVER =
            request -> Promise.<Outcome>promise().future();

    /** Trusted for long, so that no test loses its identity by accident; sweeps that never come within a test. */
    private static final Settings.Node NODE =
            new Settings.Node(Duration.ofMillis(100), Duration.ofMinutes(10), Duration.ofMinutes(5));

    private final Node node = new Node(System::nanoTime);
    private static QueueFixture queue;

    @BeforeAll
    static void open() {
        queue = new QueueFixture();
    }

    @AfterAll
    static void close() {
        queue.close();
    }

    @BeforeEach
    void join() {
        await(queue.vertx.deployVerticle(new NodeVerticle(node, queue.database, NODE, "test")));
    }

    @AfterEach
    void clear() {
        queue.clear();
    }

    /** A worker for four calls at once that polls only when told to, with 200 ms of grace. */
    private String deploy(FakeBackend backend) {
        return deploy(backend, Duration.ofMillis(200));
    }

    private String deploy(FakeBackend backend, Duration grace) {
        Settings base = queue.settings;
        Settings settings = new Settings(
                base.publicUrl(),
                base.dataDir(),
                base.imageDir(),
                base.http(),
                base.management(),
                base.simulator(),
                base.api(),
                base.generation(),
                new Settings.Worker(4, Duration.ofMinutes(5)),
                base.retry(),
                base.backend(),
                base.database(),
                NODE,
                new Settings.Shutdown(grace));
        Guard guard = new Guard(
                queue.vertx, backend, 4, settings.backend().breaker(), Duration.ofMinutes(10), System::nanoTime);
        return await(queue.vertx.deployVerticle(new WorkerVerticle(
                node, guard, backend.name(), queue.database, FakeBackend.NO_DISK, settings, List.of())));
    }

    private void wake() {
        queue.vertx.eventBus().publish(GenerationBus.WAKE, null, new DeliveryOptions().setLocalOnly(true));
    }

    private static void awaitTrue(String what, Callable<Boolean> condition) {
        Awaitility.await(what)
                .atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(10))
                .until(condition);
    }

    private void awaitComplete(int count) {
        awaitTrue(
                count + " complete",
                () -> queue.value("SELECT count(*) FROM generations WHERE status = 'COMPLETE'")
                        .equals(String.valueOf(count)));
        assertThat(queue.brokenInvariants()).isEmpty();
    }

    private String leased() {
        return queue.value("SELECT count(*) FROM generation_queue WHERE lease_owner IS NOT NULL");
    }

    private String attempts() {
        return queue.value("SELECT string_agg(outcome || ' ' || counted, ', ') FROM generation_attempts");
    }

    @Test
    void workThatWaitsIsFoundAtTheStart() {
        // given more than fits at once
        for (int i = 0; i < 10; i++) {
            queue.submit();
        }

        // when
        deploy(new FakeBackend(PICTURE));

        // then
        awaitComplete(10);
    }

    @Test
    void aSubmissionWakesTheWorker() {
        // given a worker that found nothing and will not poll within this test
        FakeBackend backend = new FakeBackend(PICTURE);
        deploy(backend);

        // when
        queue.submit();
        wake();

        // then
        awaitComplete(1);
    }

    @Test
    void noWakeUpIsLost() {
        // given
        deploy(new FakeBackend(PICTURE));

        // when each submission is followed by its wake-up at once, whatever the worker is doing
        for (int i = 0; i < 50; i++) {
            queue.submit();
            wake();
        }

        // then
        awaitComplete(50);
    }

    @Test
    void noMoreIsTakenThanCanBeWorkedOn() {
        // given
        for (int i = 0; i < 10; i++) {
            queue.submit();
        }
        FakeBackend backend = new FakeBackend(NEVER);

        // when
        deploy(backend);
        awaitTrue("four calls", () -> backend.calls() == 4);
        wake();

        // then
        assertThat(leased()).isEqualTo("4");
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
        deploy(backend[0]);

        // then
        awaitComplete(1);
        assertThat(attempts()).isEqualTo("RETRYABLE true, RETRYABLE true, SUCCEEDED true");
    }

    @Test
    void whatIsUnderWayMayFinishWithinTheGrace() {
        // given
        queue.submit();
        Promise<Outcome> answer = Promise.promise();
        FakeBackend backend = new FakeBackend(request -> answer.future());
        String worker = deploy(backend, Duration.ofMinutes(1));
        awaitTrue("a call", () -> backend.calls() == 1);

        // when
        Future<Void> stopped = queue.vertx.undeploy(worker);
        answer.complete(FakeBackend.picture());

        // then
        await(stopped);
        assertThat(attempts()).isEqualTo("SUCCEEDED true");
    }

    @Test
    void whatIsLeftAfterTheGraceGoesBackUncounted() {
        // given
        queue.submit();
        queue.submit();
        FakeBackend backend = new FakeBackend(NEVER);
        String worker = deploy(backend);
        awaitTrue("two calls", () -> backend.calls() == 2);

        // when
        await(queue.vertx.undeploy(worker));

        // then it is due at once for whoever is left
        assertThat(attempts()).isEqualTo("INTERRUPTED false, INTERRUPTED false");
        assertThat(leased()).isEqualTo("0");
        assertThat(queue.claim(queue.node(), 10))
                .hasSize(2)
                .allSatisfy(lease -> assertThat(lease.counted()).isZero());
        assertThat(queue.brokenInvariants()).isEmpty();
    }

    @Test
    void aStopInTheMiddleOfAClaimGivesBackWhatItBrings() {
        // given a claim that waits for the table
        FakeBackend backend = new FakeBackend(NEVER);
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
        String worker = deploy(backend);
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
        assertThat(leased()).isEqualTo("0");
        assertThat(attempts()).isNull();
        assertThat(backend.calls()).isZero();
        assertThat(queue.claim(queue.node(), 10)).hasSize(2);
    }

    @Test
    void nothingIsTakenAfterTheStop() {
        // given
        FakeBackend backend = new FakeBackend(PICTURE);
        String worker = deploy(backend);
        await(queue.vertx.undeploy(worker));

        // when
        queue.submit();
        wake();

        // then
        assertThat(await(queue.leases.claim(
                        queue.node(), QueueFixture.ROUTE, 1, QueueFixture.BACKEND, QueueFixture.ATTEMPT)))
                .hasSize(1);
        assertThat(backend.calls()).isZero();
    }

    @Test
    void aDrainingProcessTakesNothing() {
        // given
        FakeBackend backend = new FakeBackend(PICTURE);
        deploy(backend);
        await(NodeVerticle.drain(node, queue.database));

        // when
        queue.submit();
        wake();

        // then another process finds the work untouched
        assertThat(queue.claim(queue.node(), 1)).hasSize(1);
        assertThat(backend.calls()).isZero();
    }

    @Test
    void whoeverLostItsIdentityBreaksItsWorkOffAndRecordsNothing() {
        // given
        UUID id = queue.submit();
        FakeBackend backend = new FakeBackend(NEVER);
        String worker = deploy(backend, Duration.ofMinutes(1));
        awaitTrue("a call", () -> backend.calls() == 1);
        List<String> before = queue.snapshot();
        UUID old = node.trusted().orElseThrow();

        // when
        queue.expire(old);
        awaitTrue("the loss is noticed", () -> !node.trusted().equals(Optional.of(old)));

        // then the call is aborted, so that the stop has nothing to wait for
        await(queue.vertx.undeploy(worker));
        assertThat(queue.snapshot()).isEqualTo(before);
        assertThat(queue.value("SELECT generation_id FROM generation_queue WHERE lease_owner IS NOT NULL"))
                .isEqualTo(id.toString());
    }

    @Test
    void aLeaseWhoseClaimWasNeverAnsweredIsGivenBack() {
        // given what the database says this process has held for long, and the process knows nothing of
        queue.submit();
        queue.claim(node.claimant().orElseThrow(), 1);
        queue.execute("UPDATE generation_queue SET attempt_started_at = now() - interval '1 min'");

        // when
        deployWithSweeps(new FakeBackend(PICTURE));

        // then
        awaitComplete(1);
        assertThat(attempts()).isEqualTo("SUCCEEDED true");
    }

    private void deployWithSweeps(FakeBackend backend) {
        Guard guard = new Guard(
                queue.vertx, backend, 4, queue.settings.backend().breaker(), Duration.ofMinutes(10), System::nanoTime);
        await(queue.vertx.deployVerticle(new WorkerVerticle(
                node, guard, backend.name(), queue.database, FakeBackend.NO_DISK, queue.settings, List.of())));
    }
}
