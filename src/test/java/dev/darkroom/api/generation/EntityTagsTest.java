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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EntityTagsTest {
    private static final String ETAG = "\"2c26b46b\"";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"2c26b46b\"",
                "W/\"2c26b46b\"",
                "*",
                " * ",
                "\"other\", \"2c26b46b\"",
                "\"other\",W/\"2c26b46b\",\"third\"",
                "\"with, comma\", \"2c26b46b\"",
                ",, \"2c26b46b\"",
            })
    void matchesTagOfList(String ifNoneMatch) {
        assertThat(EntityTags.matches(ifNoneMatch, ETAG)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\"other\"",
                "2c26b46b",
                "\"2C26B46B\"",
                "\"2c26b46b",
                "w/\"2c26b46b\"",
                "\"*\"",
                "W/*",
                "\"2c26\", \"b46b\"",
                "\"a, \\\"2c26b46b\"",
            })
    void doesNotMatchOtherOrMalformedTag(String ifNoneMatch) {
        assertThat(EntityTags.matches(ifNoneMatch, ETAG)).isFalse();
    }

    @Test
    void weakTagMatchesItselfAndItsStrongForm() {
        assertThat(EntityTags.matches("W/" + ETAG, "W/" + ETAG)).isTrue();
        assertThat(EntityTags.matches(ETAG, "W/" + ETAG)).isTrue();
        assertThat(EntityTags.matches("W/\"other\"", "W/" + ETAG)).isFalse();
    }

    @Test
    void tagOfPendingGenerationChangesWithEachStateButNotWithTheEstimate() {
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
                        .map(EntityTags::ofPending))
                .doesNotHaveDuplicates()
                .allMatch(tag -> tag.matches("W/\"[!#-~]+\""));
        assertThat(EntityTags.ofPending(waiting.withQueuePosition(new QueuePosition(1, CREATED_AT.plusSeconds(9)))))
                .isEqualTo(EntityTags.ofPending(second));
    }

    @Test
    void doesNotMatchWithoutHeader() {
        assertThat(EntityTags.matches(null, ETAG)).isFalse();
    }
}
