package dev.darkroom.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.testing.SeededCases;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationFormatTest {

    @ParameterizedTest
    @CsvSource({
        "0ms, 0",
        "0h, 0",
        "250ms, 250",
        "1500ms, 1500",
        "1s, 1000",
        "007s, 7000",
        "15m, 900000",
        "2h, 7200000",
        "90d, 7776000000",
        "999999999h, 3599999996400000",
        "999999999d, 86399999913600000"
    })
    void parsesNumberAndUnit(String text, long millis) {
        assertThat(DurationFormat.parse(text)).isEqualTo(Duration.ofMillis(millis));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1",
                "s",
                "fast",
                "1.5s",
                "-1s",
                "+1s",
                "1 s",
                " 1s",
                "1s ",
                "1s\n",
                "1S",
                "1sec",
                "1w",
                "1us",
                "PT1S",
                "1m30s",
                "1_000ms",
                "0x1s",
                "\u0661s",
                "1000000000ms"
            })
    void rejectsOtherFormats(String text) {
        assertThatThrownBy(() -> DurationFormat.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("expected a duration such as 250ms, 1s or 15m");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0ms",
        "1, 1ms",
        "1500, 1500ms",
        "1000, 1s",
        "90000, 90s",
        "120000, 2m",
        "900000, 15m",
        "5400000, 90m",
        "7200000, 2h",
        "-1500, -1500ms"
    })
    void formatsInLargestExactUnit(long millis, String text) {
        assertThat(DurationFormat.format(Duration.ofMillis(millis))).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"PT0.0000009S, 0ms", "PT1.0009999S, 1s"})
    void truncatesToMilliseconds(Duration duration, String text) {
        assertThat(DurationFormat.format(duration)).isEqualTo(text);
    }

    @Test
    void parsesFormattedDuration() {
        SeededCases.check(random -> {
            Duration duration = Duration.ofMillis(random.longBetween(0, 999_999_999));
            assertThat(DurationFormat.parse(DurationFormat.format(duration))).isEqualTo(duration);
        });
    }
}
