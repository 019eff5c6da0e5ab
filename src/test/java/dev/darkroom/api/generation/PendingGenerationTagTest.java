package dev.darkroom.api.generation;

import static dev.darkroom.generation.TestGenerations.CREATED_AT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.generation.Attempt;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.Generation.QueuePosition;
import dev.darkroom.generation.GenerationStatus;
import dev.darkroom.generation.TestGenerations;
import dev.darkroom.generation.route.BackendSelection;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PendingGenerationTagTest {
    @Test
    void changesWithEachStateButNotWithTheEstimate() {
        // given
        Generation waiting = TestGenerations.generation(GenerationStatus.PENDING, 0);
        Generation first = waiting.withQueuePosition(new QueuePosition(0, CREATED_AT));
        Generation second = waiting.withQueuePosition(new QueuePosition(1, CREATED_AT));
        Generation running = TestGenerations.generation(GenerationStatus.PENDING, 0, TestGenerations.running());
        Generation runningLater = TestGenerations.generation(
                GenerationStatus.PENDING,
                0,
                Attempt.running(1, "default", BackendSelection.ONLY, null, CREATED_AT.plusNanos(1_000), null));
        Generation runningWithKey = TestGenerations.generation(
                GenerationStatus.PENDING,
                0,
                Attempt.running(1, "default", BackendSelection.ONLY, "main", CREATED_AT, null));
        Generation failed = TestGenerations.generation(GenerationStatus.PENDING, 1, TestGenerations.failed(CREATED_AT));
        Generation retried = TestGenerations.generation(
                GenerationStatus.PENDING, 1, TestGenerations.failed(CREATED_AT), TestGenerations.running());
        Generation updated = TestGenerations.pending(CREATED_AT.plusNanos(1_000));

        // then
        assertThat(Stream.of(waiting, first, second, running, runningLater, runningWithKey, failed, retried, updated)
                        .map(PendingGenerationTag::of))
                .doesNotHaveDuplicates()
                .allMatch(tag -> tag.matches("W/\"[!#-~]+\""));
        assertThat(PendingGenerationTag.of(waiting.withQueuePosition(new QueuePosition(1, CREATED_AT.plusSeconds(9)))))
                .isEqualTo(PendingGenerationTag.of(second));
    }
}
