package dev.darkroom.generation.store;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.GenerationError;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.TestGenerations;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Transitions with an outdated lease change no row of any table. */
@Tag("database")
class GenerationLeaseStoreFencingTest {
    private static final GenerationError REASON =
            new GenerationError("MODERATED", FailureClass.MODERATED, "Rejected.", false);

    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    /** Transition; its future returns whether it changed a row. */
    private interface Transition extends Function<GenerationLease, Future<Boolean>> {}

    private static Stream<Arguments> transitions() {
        Transition complete = generationLease -> queue.outcomeStore
                .complete(generationLease, GenerationDatabaseFixture.storedImages(1), TestGenerations.SUBMITTED)
                .map(Optional::isPresent);
        Transition fail = generationLease -> queue.outcomeStore
                .fail(
                        generationLease,
                        AttemptOutcome.PERMANENT,
                        true,
                        TestFailures.MODERATED,
                        REASON,
                        TestGenerations.SUBMITTED)
                .map(Optional::isPresent);
        Transition retry = generationLease -> queue.outcomeStore
                .retry(
                        generationLease,
                        AttemptOutcome.RETRYABLE,
                        true,
                        TestFailures.SERVER_ERROR,
                        Duration.ZERO,
                        null,
                        TestGenerations.SUBMITTED)
                .map(Optional::isPresent);
        Transition lost = generationLease -> queue.outcomeStore
                .retry(
                        generationLease,
                        AttemptOutcome.LOST,
                        false,
                        TestFailures.SERVER_ERROR,
                        Duration.ZERO,
                        null,
                        TestGenerations.SUBMITTED)
                .map(Optional::isPresent);
        Transition release = lease -> queue.leaseStore.release(lease, false, Duration.ZERO);
        return Stream.of(
                Arguments.of("complete", complete),
                Arguments.of("fail", fail),
                Arguments.of("retry", retry),
                Arguments.of("reclaim", lost),
                Arguments.of("release", release));
    }

    static Stream<Arguments> transitionsAndWrongLeases() {
        return transitions()
                .flatMap(transition -> Stream.of(
                                Arguments.of("an older token", 0, -1L),
                                Arguments.of("a newer token", 0, 1L),
                                Arguments.of("another owner", 1, 0L),
                                Arguments.of("another generation", 2, 0L))
                        .map(wrongLease -> Arguments.of(
                                transition.get()[0],
                                wrongLease.get()[0],
                                transition.get()[1],
                                wrongLease.get()[1],
                                wrongLease.get()[2])));
    }

    private static GenerationLease with(GenerationLease generationLease, UUID generation, UUID node, long token) {
        return new GenerationLease(
                generation,
                generationLease.userId(),
                generationLease.route(),
                node,
                token,
                generationLease.number(),
                generationLease.countedFailures(),
                generationLease.lostAttempts(),
                generationLease.backend(),
                generationLease.selection(),
                generationLease.job(),
                generationLease.attemptBudget(),
                generationLease.timeLeft(),
                generationLease.imageRequest(),
                generationLease.trace(),
                generationLease.waited());
    }

    @ParameterizedTest(name = "{0} with {1}")
    @MethodSource("transitionsAndWrongLeases")
    void wrongLeaseChangesNothing(
            String transitionName, String leaseName, Transition transition, int changedField, long tokenOffset) {
        // given a second generation that another process has claimed
        GenerationLease generationLease = queue.submitAndClaim();
        queue.submitAndClaim();
        GenerationLease wrongLease = with(
                generationLease,
                changedField == 2 ? UUID.randomUUID() : generationLease.generationId(),
                changedField == 1 ? queue.insertNode() : generationLease.nodeId(),
                generationLease.token() + tokenOffset);
        List<String> before = queue.readAllRows();

        // when
        boolean changed = await(transition.apply(wrongLease));

        // then
        assertThat(changed).isFalse();
        assertThat(queue.readAllRows()).isEqualTo(before);
        assertThat(await(transition.apply(generationLease))).isTrue();
        assertThat(queue.findViolations()).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("transitions")
    void reclaimedLeaseChangesNothing(String name, Transition transition) {
        // given a process that was frozen while its lease was reclaimed and another process claimed the generation
        GenerationLease frozen = queue.submitAndClaim();
        await(queue.outcomeStore.retry(
                frozen,
                AttemptOutcome.LOST,
                false,
                TestFailures.SERVER_ERROR,
                Duration.ZERO,
                null,
                TestGenerations.SUBMITTED));
        GenerationLease current = queue.claim(queue.insertNode(), 1).get(0);
        List<String> before = queue.readAllRows();

        // when
        boolean changed = await(transition.apply(frozen));

        // then
        assertThat(changed).isFalse();
        assertThat(queue.readAllRows()).isEqualTo(before);
        assertThat(await(queue.outcomeStore.complete(
                        current, GenerationDatabaseFixture.storedImages(1), TestGenerations.SUBMITTED)))
                .isPresent();
        assertThat(queue.findViolations()).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("transitions")
    void endedGenerationStaysUnchanged(String name, Transition transition) {
        // given
        GenerationLease generationLease = queue.submitAndClaim();
        await(queue.outcomeStore.complete(
                generationLease, GenerationDatabaseFixture.storedImages(1), TestGenerations.SUBMITTED));
        List<String> before = queue.readAllRows();

        // when
        boolean changed = await(transition.apply(generationLease));

        // then
        assertThat(changed).isFalse();
        assertThat(queue.readAllRows()).isEqualTo(before);
    }
}
