package dev.darkroom.generation.worker;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.NodeRole;
import dev.darkroom.config.Settings;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.TestGenerations;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import dev.darkroom.generation.store.GenerationOutcomeStore.FinishRecord;
import dev.darkroom.generation.store.TestFailures;
import dev.darkroom.node.LocalNode;
import dev.darkroom.node.NodeHeartbeatVerticle;
import dev.darkroom.queue.OutcomeRecorder;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Future;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Recording of outcomes while the database fails or the lease is lost. */
@Tag("database")
class GenerationOutcomeRecorderTest {
    /** No heartbeat is due within a test. */
    private static final Settings.Node NO_HEARTBEATS = new Settings.Node(
            EnumSet.allOf(NodeRole.class), Duration.ofMinutes(5), Duration.ofMinutes(10), Duration.ofMinutes(1));

    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private final AtomicLong skipped = new AtomicLong();
    private final LocalNode localNode = new LocalNode(() -> System.nanoTime() + skipped.get());
    private final AtomicInteger writes = new AtomicInteger();
    private OutcomeRecorder<GenerationLease, AttemptOutcome> outcomeRecorder;
    private GenerationLease generationLease;

    @BeforeEach
    void claim() {
        register(localNode);
        outcomeRecorder = recorder(localNode);
        queue.submit();
        generationLease = queue.claim(localNode.claimingId().orElseThrow(), 1).get(0);
    }

    private static OutcomeRecorder<GenerationLease, AttemptOutcome> recorder(LocalNode process) {
        return new OutcomeRecorder<>(
                queue.vertx, process, GenerationWorkerVerticle.JOB_NAME, queue.outcomeStore::isRecorded);
    }

    private static void register(LocalNode process) {
        await(queue.vertx.deployVerticle(new NodeHeartbeatVerticle(process, queue.database, NO_HEARTBEATS, "test")));
    }

    private Future<Optional<FinishRecord>> complete() {
        return queue.outcomeStore.complete(
                generationLease, GenerationDatabaseFixture.storedImages(1), TestGenerations.SUBMITTED);
    }

    @Test
    void successfulWriteIsNotRepeated() {
        // when
        Optional<FinishRecord> finished =
                await(outcomeRecorder.record(generationLease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
                    writes.incrementAndGet();
                    return complete();
                }));

        // then
        assertThat(finished).isPresent();
        assertThat(writes).hasValue(1);
        assertThat(queue.queryValue("SELECT status FROM generations")).isEqualTo("COMPLETE");
    }

    @Test
    void retriesWhileTheDatabaseIsUnavailable() {
        // given a database that fails the first three writes
        // when
        Optional<FinishRecord> finished = await(outcomeRecorder.record(
                generationLease,
                AttemptOutcome.SUCCEEDED,
                () -> false,
                () -> writes.incrementAndGet() <= 3 ? Future.failedFuture(new IOException("reset")) : complete()));

        // then
        assertThat(finished).isPresent();
        assertThat(writes).hasValue(4);
        assertThat(queue.queryValue("SELECT status FROM generations")).isEqualTo("COMPLETE");
    }

    @Test
    void retriesAfterBrokenConnections() {
        // given
        TestPostgres.terminateBackends(queue.url.database());

        // when
        Optional<FinishRecord> finished =
                await(outcomeRecorder.record(generationLease, AttemptOutcome.SUCCEEDED, () -> false, this::complete));

        // then
        assertThat(finished).isPresent();
        assertThat(queue.findViolations()).isEmpty();
    }

    @Test
    void retriesAfterAnException() {
        // when
        Optional<FinishRecord> finished =
                await(outcomeRecorder.record(generationLease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
                    if (writes.incrementAndGet() == 1) {
                        throw new IllegalStateException("a transient bug");
                    }
                    return complete();
                }));

        // then
        assertThat(finished).isPresent();
    }

    @Test
    void detectsCommitWhoseResponseWasLost() {
        // given a write that commits and loses its response
        // when
        Optional<FinishRecord> finished =
                await(outcomeRecorder.record(generationLease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
                    Future<Optional<FinishRecord>> written = complete();
                    return writes.incrementAndGet() == 1
                            ? written.compose(done -> Future.failedFuture(new IOException("reset after the commit")))
                            : written;
                }));

        // then the end is reported once, and there is one success
        assertThat(finished).isEmpty();
        assertThat(writes).hasValue(2);
        assertThat(queue.queryValue("SELECT count(*) FROM generation_attempts WHERE outcome = 'SUCCEEDED'"))
                .isEqualTo("1");
        assertThat(localNode.rejectedResults()).isZero();
        assertThat(queue.findViolations()).isEmpty();
    }

    @Test
    void stopsRetriesWhenTheLeaseIsLost() {
        // given a write that always fails, and a lease that the reaper has reclaimed
        AtomicBoolean lost = new AtomicBoolean();
        AtomicInteger rejections = new AtomicInteger();
        await(queue.outcomeStore.retry(
                generationLease,
                AttemptOutcome.TIMEOUT,
                false,
                TestFailures.SERVER_ERROR,
                Duration.ofMinutes(1),
                null,
                TestGenerations.SUBMITTED));

        // when
        Optional<FinishRecord> finished = await(outcomeRecorder.record(
                generationLease, AttemptOutcome.SUCCEEDED, lost::get, rejections::incrementAndGet, () -> {
                    lost.set(writes.incrementAndGet() == 3);
                    return Future.failedFuture(new IllegalStateException("a permanent bug"));
                }));

        // then
        assertThat(finished).isEmpty();
        assertThat(writes).hasValue(3);
        assertThat(rejections).hasValue(1);
    }

    @Test
    void commitWhoseResponseWasLostIsNoRejection() {
        // given a committed write with a lost response, so that the lease is gone
        AtomicBoolean lost = new AtomicBoolean();
        AtomicInteger rejections = new AtomicInteger();

        // when
        Optional<FinishRecord> finished = await(outcomeRecorder.record(
                generationLease,
                AttemptOutcome.SUCCEEDED,
                lost::get,
                rejections::incrementAndGet,
                () -> complete().compose(done -> {
                    lost.set(true);
                    return Future.failedFuture(new IOException("reset after the commit"));
                })));

        // then its images must not be deleted
        assertThat(finished).isEmpty();
        assertThat(rejections).hasValue(0);
    }

    @Test
    void discardsResultOfReclaimedLease() {
        // given
        await(queue.outcomeStore.retry(
                generationLease,
                AttemptOutcome.LOST,
                false,
                TestFailures.SERVER_ERROR,
                Duration.ofMinutes(1),
                null,
                TestGenerations.SUBMITTED));
        List<String> before = queue.readAllRows();

        // when
        Optional<FinishRecord> finished =
                await(outcomeRecorder.record(generationLease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
                    writes.incrementAndGet();
                    return complete();
                }));

        // then
        assertThat(finished).isEmpty();
        assertThat(writes).hasValue(1);
        assertThat(queue.readAllRows()).isEqualTo(before);
        assertThat(localNode.rejectedResults()).as("not taken for an own write").isEqualTo(1);
    }

    @Test
    void writesNothingWithoutValidIdentity() {
        // given
        skipped.set(Duration.ofMinutes(9).toNanos());

        // when
        Optional<FinishRecord> finished =
                await(outcomeRecorder.record(generationLease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
                    writes.incrementAndGet();
                    return complete();
                }));

        // then
        assertThat(finished).isEmpty();
        assertThat(writes).hasValue(0);
        assertThat(localNode.rejectedResults()).isEqualTo(1);
        assertThat(queue.queryValue("SELECT status FROM generations")).isEqualTo("PENDING");
    }

    @Test
    void stopsRetriesWhenTheIdentityExpires() {
        // when the identity expires after the second write
        Optional<FinishRecord> finished =
                await(outcomeRecorder.record(generationLease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
                    if (writes.incrementAndGet() == 2) {
                        skipped.set(Duration.ofMinutes(9).toNanos());
                    }
                    return Future.failedFuture(new IOException("no route"));
                }));

        // then
        assertThat(finished).isEmpty();
        assertThat(writes).hasValue(2);
    }

    @Test
    void newIdentityHasNoOldLeases() {
        // given
        LocalNode other = new LocalNode(System::nanoTime);
        register(other);

        // when
        Optional<FinishRecord> finished =
                await(recorder(other).record(generationLease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
                    writes.incrementAndGet();
                    return complete();
                }));

        // then
        assertThat(finished).isEmpty();
        assertThat(writes).hasValue(0);
    }
}
