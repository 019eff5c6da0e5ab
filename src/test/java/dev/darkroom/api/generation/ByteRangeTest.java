package dev.darkroom.api.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.api.problem.Problem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Ranges of content of ten bytes. */
class ByteRangeTest {
    private static final long LENGTH = 10;

    @ParameterizedTest
    @CsvSource({
        "bytes=0-0, 0, 1",
        "bytes=0-9, 0, 10",
        "bytes=0-10, 0, 10",
        "bytes=0-999999999999999999, 0, 10",
        "bytes=9-, 9, 10",
        "bytes=0-, 0, 10",
        "bytes=-1, 9, 10",
        "bytes=-10, 0, 10",
        "bytes=-11, 0, 10",
        "BYTES=2-3, 2, 4",
    })
    void parsesSingleRange(String header, long start, long end) {
        assertThat(ByteRange.parse(header, LENGTH)).hasValue(new ByteRange(start, end));
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                "",
                "bytes",
                "bytes=",
                "bytes=-",
                "bytes=3-2",
                "bytes=a-b",
                "bytes=-1-2",
                "bytes=+1-2",
                "bytes=0-1,3-4",
                "bytes=0-1,",
                "bytes=0 - 1",
                "bytes=0-9999999999999999999",
                "items=0-1"
            })
    void ignoresOtherHeaders(String header) {
        assertThat(ByteRange.parse(header, LENGTH)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=10-", "bytes=10-11", "bytes=999999999999999999-", "bytes=-0"})
    void rejectsRangeWithoutBytes(String header) {
        assertThatThrownBy(() -> ByteRange.parse(header, LENGTH)).isInstanceOfSatisfying(Problem.class, problem -> {
            assertThat(problem.status()).isEqualTo(416);
            assertThat(problem.headers()).containsEntry("Content-Range", "bytes */10");
        });
    }

    @Test
    void describesRange() {
        assertThat(new ByteRange(2, 5).length()).isEqualTo(3);
        assertThat(new ByteRange(2, 5).contentRange(LENGTH)).isEqualTo("bytes 2-4/10");
    }
}
