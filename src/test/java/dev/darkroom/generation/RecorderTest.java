package dev.darkroom.generation;

import static dev.darkroom.generation.QueueFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.Settings;
import dev.darkroom.generation.LeaseStore.Ended;
import dev.darkroom.lease.Recorder;
import dev.darkroom.node.Node;
import dev.darkroom.node.NodeVerticle;
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
class RecorderTest {
    /** Heartbeats that never come within a test. */
    private static final Settings.Node SLOW =
            new Settings.Node(Duration.ofMinutes(5), Duration.ofMinutes(10), Duration.ofMinutes(1));

    @RegisterExtension
    static final QueueFixture queue = new QueueFixture();

    private final AtomicLong skipped = new AtomicLong();
    private final Node node = new Node(() -> System.nanoTime() + skipped.get());
    private final AtomicInteger writes = new AtomicInteger();
    private Recorder<Lease, AttemptOutcome> recorder;
    private Lease lease;

    @BeforeEach
    void claim() {
        join(node);
        recorder = recorder(node);
        queue.submit();
        lease = queue.claim(node.claimant().orElseThrow(), 1).get(0);
    }

    private static Recorder<Lease, AttemptOutcome> recorder(Node process) {
        return new Recorder<>(queue.vertx, process, WorkerVerticle.NOUN, queue.leases::recorded);
    }

    private static void join(Node process) {
        await(queue.vertx.deployVerticle(new NodeVerticle(process, queue.database, SLOW, "test")));
    }

    private Future<Optional<Ended>> complete() {
        return queue.leases.complete(lease, QueueFixture.pictures(1));
    }

    @Test
    void whatIsWrittenAtOnceIsWrittenOnce() {
        // when
        Optional<Ended> ended = await(recorder.record(lease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
            writes.incrementAndGet();
            return complete();
        }));

        // then
        assertThat(ended).isPresent();
        assertThat(writes).hasValue(1);
        assertThat(queue.value("SELECT status FROM generations")).isEqualTo("COMPLETE");
    }

    @Test
    void aResultWaitsForTheDatabase() {
        // given a database that is away for the first three tries
        // when
        Optional<Ended> ended = await(recorder.record(
                lease,
                AttemptOutcome.SUCCEEDED,
                () -> false,
                () -> writes.incrementAndGet() <= 3 ? Future.failedFuture(new IOException("reset")) : complete()));

        // then
        assertThat(ended).isPresent();
        assertThat(writes).hasValue(4);
        assertThat(queue.value("SELECT status FROM generations")).isEqualTo("COMPLETE");
    }

    @Test
    void aResultSurvivesCutConnections() {
        // given
        TestPostgres.terminateBackends(queue.url.database());

        // when
        Optional<Ended> ended = await(recorder.record(lease, AttemptOutcome.SUCCEEDED, () -> false, this::complete));

        // then
        assertThat(ended).isPresent();
        assertThat(queue.brokenInvariants()).isEmpty();
    }

    @Test
    void aWriteThatThrowsIsTriedAgainToo() {
        // when
        Optional<Ended> ended = await(recorder.record(lease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
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
        Optional<Ended> ended = await(recorder.record(lease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
            Future<Optional<Ended>> written = complete();
            return writes.incrementAndGet() == 1
                    ? written.compose(done -> Future.failedFuture(new IOException("reset after the commit")))
                    : written;
        }));

        // then nobody is told twice, and there is one success
        assertThat(ended).isEmpty();
        assertThat(writes).hasValue(2);
        assertThat(queue.value("SELECT count(*) FROM generation_attempts WHERE outcome = 'SUCCEEDED'"))
                .isEqualTo("1");
        assertThat(node.refusedResults()).isZero();
        assertThat(queue.brokenInvariants()).isEmpty();
    }

    @Test
    void aWriteThatAlwaysFailsEndsWithItsLease() {
        // given a write that no repetition mends, and a lease that the sweep has given to others
        AtomicBoolean lost = new AtomicBoolean();
        AtomicInteger refused = new AtomicInteger();
        await(queue.leases.retry(lease, AttemptOutcome.TIMEOUT, false, Failures.SERVER_ERROR, Duration.ofMinutes(1)));

        // when
        Optional<Ended> ended =
                await(recorder.record(lease, AttemptOutcome.SUCCEEDED, lost::get, refused::incrementAndGet, () -> {
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
        Optional<Ended> ended = await(recorder.record(
                lease,
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
        await(queue.leases.retry(lease, AttemptOutcome.LOST, false, Failures.SERVER_ERROR, Duration.ofMinutes(1)));
        List<String> before = queue.snapshot();

        // when
        Optional<Ended> ended = await(recorder.record(lease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
            writes.incrementAndGet();
            return complete();
        }));

        // then
        assertThat(ended).isEmpty();
        assertThat(writes).hasValue(1);
        assertThat(queue.snapshot()).isEqualTo(before);
        assertThat(node.refusedResults())
                .as("and is not mistaken for our own write")
                .isEqualTo(1);
    }

    @Test
    void aProcessThatMayNotTrustItselfDoesNotEvenTry() {
        // given
        skipped.set(Duration.ofMinutes(9).toNanos());

        // when
        Optional<Ended> ended = await(recorder.record(lease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
            writes.incrementAndGet();
            return complete();
        }));

        // then
        assertThat(ended).isEmpty();
        assertThat(writes).hasValue(0);
        assertThat(node.refusedResults()).isEqualTo(1);
        assertThat(queue.value("SELECT status FROM generations")).isEqualTo("PENDING");
    }

    @Test
    void whileTheDatabaseIsAwayTrustRunsOut() {
        // given
        // when the identity goes after the second try
        Optional<Ended> ended = await(recorder.record(lease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
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
        Node other = new Node(System::nanoTime);
        join(other);

        // when
        Optional<Ended> ended = await(recorder(other).record(lease, AttemptOutcome.SUCCEEDED, () -> false, () -> {
            writes.incrementAndGet();
            return complete();
        }));

        // then
        assertThat(ended).isEmpty();
        assertThat(writes).hasValue(0);
    }
}
