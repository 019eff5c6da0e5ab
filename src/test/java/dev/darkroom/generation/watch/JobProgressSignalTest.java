package dev.darkroom.generation.watch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.JobProgress;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class JobProgressSignalTest {
    static Stream<JobProgress> progress() {
        return Stream.of(
                new JobProgress(40, null),
                new JobProgress(null, 3),
                new JobProgress(0, 0),
                new JobProgress(null, null));
    }

    @ParameterizedTest
    @MethodSource("progress")
    void keyIsParsedToTheSameSignal(JobProgress progress) {
        // given
        JobProgressSignal signal = new JobProgressSignal(UUID.randomUUID(), 2, progress);

        // then
        assertThat(JobProgressSignal.parse(signal.key())).isEqualTo(signal);
        assertThat(signal.key()).doesNotContain(",", "/");
    }
}
