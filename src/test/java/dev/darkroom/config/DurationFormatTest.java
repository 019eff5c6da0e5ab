package dev.darkroom.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
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
}
