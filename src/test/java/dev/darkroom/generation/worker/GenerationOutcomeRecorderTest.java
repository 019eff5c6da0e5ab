package dev.darkroom.generation.worker;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.Settings;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import dev.darkroom.generation.store.GenerationLeaseStore.FinishRecord;
import dev.darkroom.generation.store.TestFailures;
import dev.darkroom.node.LocalNode;
import dev.darkroom.node.NodeHeartbeatVerticle;
import dev.darkroom.queue.OutcomeRecorder;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Future;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Results that are hard to write down. */
@Tag("database")
class GenerationOutcomeRecorderTest {
    /** Heartbeats that never come within a test. */
    private static final Settings.Node SLOW =
            new Settings.Node(Duration.ofMinutes(5), Duration.ofMinutes(10), Duration.ofMinutes(1));

    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private final AtomicLong skipped = new AtomicLong();
    private final LocalNode localNode = new LocalNode(() -> System.nanoTime() + skipped.get());
    private final AtomicInteger writes = new AtomicInteger();
    private OutcomeRecorder<GenerationLease, AttemptOutcome> outcomeRecorder;
    private GenerationLease generationLease;

    @BeforeEach
    void claim() {
        join(localNode);
        outcomeRecorder = recorder(localNode);
        queue.submit();
        generationLease = queue.claim(localNode.claimingId().orElseThrow(), 1).get(0);
    }

    private static OutcomeRecorder<GenerationLease, AttemptOutcome> recorder(LocalNode process) {
        return new OutcomeRecorder<>(
                queue.vertx, process, GenerationWorkerVerticle.JOB_NAME, queue.leaseStore::isRecorded);
    }

    private static void join(LocalNode process) {
        await(queue.vertx.deployVerticle(new NodeHeartbeatVerticle(process, queue.database, SLOW, "test")));
    }

    private Future<Optional<FinishRecord>> complete() {
        return queue.leaseStore.complete(generationLease, GenerationDatabaseFixture.storedImages(1));
    }

    @Test
    void whatIsWrittenAtOnceIsWrittenOnce() {
        // when
        Optional<FinishRecord> ended =
                await(outcomeRecorder.record(generationLease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
                    writes.incrementAndGet();
                    return complete();
                }));

        // then
        assertThat(ended).isPresent();
        assertThat(writes).hasValue(1);
        assertThat(queue.queryValue("SELECT status FROM generations")).isEqualTo("COMPLETE");
    }

    @Test
    void aResultWaitsForTheDatabase() {
        // given a database that is away for the first three tries
        // when
        Optional<FinishRecord> ended = await(outcomeRecorder.record(
                generationLease,
                AttemptOutcome.SUCCEEDED,
                () -> false,
                () -> writes.incrementAndGet() <= 3 ? Future.failedFuture(new IOException("reset")) : complete()));

        // then
        assertThat(ended).isPresent();
        assertThat(writes).hasValue(4);
        assertThat(queue.queryValue("SELECT status FROM generations")).isEqualTo("COMPLETE");
    }

    @Test
    void aResultSurvivesCutConnections() {
        // given
        TestPostgres.terminateBackends(queue.url.database());

        // when
        Optional<FinishRecord> ended =
                await(outcomeRecorder.record(generationLease, AttemptOutcome.SUCCEEDED, () -> false, this::complete));

        // then
        assertThat(ended).isPresent();
        assertThat(queue.findViolations()).isEmpty();
    }

    @Test
    void aWriteThatThrowsIsTriedAgainToo() {
        // when
        Optional<FinishRecord> ended =
                await(outcomeRecorder.record(generationLease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
                    if (writes.incrementAndGet() == 1) {
                        throw new IllegalStateException("a bug that goes away");
                    }
                    return complete();
                }));

        // then
        assertThat(ended).isPresent();
    }

    @Test
    void aCommitWhoseAnswerWasLostIsRecognised() {
        // given the write goes through, and its answer does not
        // when
        Optional<FinishRecord> ended =
                await(outcomeRecorder.record(generationLease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
                    Future<Optional<FinishRecord>> written = complete();
                    return writes.incrementAndGet() == 1
                            ? written.compose(done -> Future.failedFuture(new IOException("reset after the commit")))
                            : written;
                }));

        // then nobody is told twice, and there is one success
        assertThat(ended).isEmpty();
        assertThat(writes).hasValue(2);
        assertThat(queue.queryValue("SELECT count(*) FROM generation_attempts WHERE outcome = 'SUCCEEDED'"))
                .isEqualTo("1");
        assertThat(localNode.rejectedResults()).isZero();
        assertThat(queue.findViolations()).isEmpty();
    }

    @Test
    void aWriteThatAlwaysFailsEndsWithItsLease() {
        // given a write that no repetition mends, and a lease that the sweep has given to others
        AtomicBoolean lost = new AtomicBoolean();
        AtomicInteger refused = new AtomicInteger();
        await(queue.leaseStore.retry(
                generationLease, AttemptOutcome.TIMEOUT, false, TestFailures.SERVER_ERROR, Duration.ofMinutes(1)));

        // when
        Optional<FinishRecord> ended = await(outcomeRecorder.record(
                generationLease, AttemptOutcome.SUCCEEDED, lost::get, refused::incrementAndGet, () -> {
                    lost.set(writes.incrementAndGet() == 3);
                    return Future.failedFuture(new IllegalStateException("a bug that stays"));
                }));

        // then
        assertThat(ended).isEmpty();
        assertThat(writes).hasValue(3);
        assertThat(refused).hasValue(1);
    }

    @Test
    void aCommitWhoseAnswerWasLostIsNoRefusal() {
        // given a write that went through, whose answer was lost, and whose lease is therefore gone
        AtomicBoolean lost = new AtomicBoolean();
        AtomicInteger refused = new AtomicInteger();

        // when
        Optional<FinishRecord> ended = await(outcomeRecorder.record(
                generationLease,
                AttemptOutcome.SUCCEEDED,
                lost::get,
                refused::incrementAndGet,
                () -> complete().compose(done -> {
                    lost.set(true);
                    return Future.failedFuture(new IOException("reset after the commit"));
                })));

        // then its images are not to be deleted
        assertThat(ended).isEmpty();
        assertThat(refused).hasValue(0);
    }

    @Test
    void theResultOfALeaseThatWasTakenBackIsDiscarded() {
        // given
        await(queue.leaseStore.retry(
                generationLease, AttemptOutcome.LOST, false, TestFailures.SERVER_ERROR, Duration.ofMinutes(1)));
        List<String> before = queue.readAllRows();

        // when
        Optional<FinishRecord> ended =
                await(outcomeRecorder.record(generationLease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
                    writes.incrementAndGet();
                    return complete();
                }));

        // then
        assertThat(ended).isEmpty();
        assertThat(writes).hasValue(1);
        assertThat(queue.readAllRows()).isEqualTo(before);
        assertThat(localNode.rejectedResults())
                .as("and is not mistaken for our own write")
                .isEqualTo(1);
    }

    @Test
    void aProcessThatMayNotTrustItselfDoesNotEvenTry() {
        // given
        skipped.set(Duration.ofMinutes(9).toNanos());

        // when
        Optional<FinishRecord> ended =
                await(outcomeRecorder.record(generationLease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
                    writes.incrementAndGet();
                    return complete();
                }));

        // then
        assertThat(ended).isEmpty();
        assertThat(writes).hasValue(0);
        assertThat(localNode.rejectedResults()).isEqualTo(1);
        assertThat(queue.queryValue("SELECT status FROM generations")).isEqualTo("PENDING");
    }

    @Test
    void whileTheDatabaseIsAwayTrustRunsOut() {
        // given
        // when the identity goes after the second try
        Optional<FinishRecord> ended =
                await(outcomeRecorder.record(generationLease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
                    if (writes.incrementAndGet() == 2) {
                        skipped.set(Duration.ofMinutes(9).toNanos());
                    }
                    return Future.failedFuture(new IOException("no route"));
                }));

        // then
        assertThat(ended).isEmpty();
        assertThat(writes).hasValue(2);
    }

    @Test
    void whoHasANewIdentityHasNoOldLeases() {
        // given
        LocalNode other = new LocalNode(System::nanoTime);
        join(other);

        // when
        Optional<FinishRecord> ended =
                await(recorder(other).record(generationLease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
                    writes.incrementAndGet();
                    return complete();
                }));

        // then
        assertThat(ended).isEmpty();
        assertThat(writes).hasValue(0);
    }
}
