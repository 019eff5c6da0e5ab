package dev.darkroom.generation;

import static dev.darkroom.generation.QueueFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.generation.RetryDecision.Reason;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whoever comes with a lease that is no longer the one in the database changes no row of any table. */
@Tag("database")
class LeaseStoreFenceTest {
    private static final Reason REASON = new Reason("MODERATED", FailureClass.MODERATED, "Refused.", false);

    @RegisterExtension
    static final QueueFixture queue = new QueueFixture();

    /** A transition; its future says whether it changed anything. */
    private interface Transition extends BiFunction<LeaseStore, Lease, Future<Boolean>> {}

    private static Stream<Arguments> transitions() {
        Transition complete = (leases, lease) ->
                leases.complete(lease, QueueFixture.pictures(1)).map(Optional::isPresent);
        Transition fail =
                (leases, lease) -> leases.fail(lease, AttemptOutcome.PERMANENT, true, Failures.MODERATED, REASON)
                        .map(Optional::isPresent);
        Transition retry = (leases, lease) -> leases.retry(
                        lease, AttemptOutcome.RETRYABLE, true, Failures.SERVER_ERROR, Duration.ZERO)
                .map(Optional::isPresent);
        Transition lost =
                (leases, lease) -> leases.retry(lease, AttemptOutcome.LOST, false, Failures.SERVER_ERROR, Duration.ZERO)
                        .map(Optional::isPresent);
        Transition release = LeaseStore::release;
        return Stream.of(
                Arguments.of("complete", complete),
                Arguments.of("fail", fail),
                Arguments.of("retry", retry),
                Arguments.of("take back", lost),
                Arguments.of("release", release));
    }

    static Stream<Arguments> transitionsAndStrangers() {
        return transitions()
                .flatMap(transition -> Stream.of(
                                Arguments.of("an older token", 0, -1L),
                                Arguments.of("a token from the future", 0, 1L),
                                Arguments.of("another owner", 1, 0L),
                                Arguments.of("another generation", 2, 0L))
                        .map(stranger -> Arguments.of(
                                transition.get()[0],
                                stranger.get()[0],
                                transition.get()[1],
                                stranger.get()[1],
                                stranger.get()[2])));
    }

    private static Lease with(Lease lease, UUID generation, UUID node, long token) {
        return new Lease(
                generation,
                lease.userId(),
                node,
                token,
                lease.number(),
                lease.counted(),
                lease.lost(),
                lease.attemptBudget(),
                lease.timeLeft(),
                lease.work());
    }

    @ParameterizedTest(name = "{0} with {1}")
    @MethodSource("transitionsAndStrangers")
    void aStrangerChangesNothing(
            String transitionName, String strangerName, Transition transition, int what, long tokenOffset) {
        // given a second generation beside it, held by another process
        Lease lease = queue.claimed();
        queue.claimed();
        Lease stranger = with(
                lease,
                what == 2 ? UUID.randomUUID() : lease.generationId(),
                what == 1 ? queue.node() : lease.nodeId(),
                lease.token() + tokenOffset);
        List<String> before = queue.snapshot();

        // when
        boolean changed = await(transition.apply(queue.leases, stranger));

        // then
        assertThat(changed).isFalse();
        assertThat(queue.snapshot()).isEqualTo(before);
        assertThat(await(transition.apply(queue.leases, lease))).isTrue();
        assertThat(queue.brokenInvariants()).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("transitions")
    void aLeaseThatSomebodyHasTakenOverIsWorthNothing(String name, Transition transition) {
        // given a process that was frozen while its lease was taken back and given to another
        Lease frozen = queue.claimed();
        await(queue.leases.retry(frozen, AttemptOutcome.LOST, false, Failures.SERVER_ERROR, Duration.ZERO));
        Lease current = queue.claim(queue.node(), 1).get(0);
        List<String> before = queue.snapshot();

        // when
        boolean changed = await(transition.apply(queue.leases, frozen));

        // then
        assertThat(changed).isFalse();
        assertThat(queue.snapshot()).isEqualTo(before);
        assertThat(await(queue.leases.complete(current, QueueFixture.pictures(1))))
                .isPresent();
        assertThat(queue.brokenInvariants()).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("transitions")
    void whatHasEndedStaysAsItEnded(String name, Transition transition) {
        // given
        Lease lease = queue.claimed();
        await(queue.leases.complete(lease, QueueFixture.pictures(1)));
        List<String> before = queue.snapshot();

        // when
        boolean changed = await(transition.apply(queue.leases, lease));

        // then
        assertThat(changed).isFalse();
        assertThat(queue.snapshot()).isEqualTo(before);
    }
}
