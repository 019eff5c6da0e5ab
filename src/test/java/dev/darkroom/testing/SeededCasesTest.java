package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SeededCasesTest {
    @Test
    void failureNamesSeedAndValues() {
        AtomicInteger cases = new AtomicInteger();

        assertThatThrownBy(() -> SeededCases.check(100, random -> {
                    random.intBetween(7, 7);
                    assertThat(cases.getAndIncrement()).isLessThan(3);
                }))
                .isInstanceOf(AssertionError.class)
                .hasMessageMatching("(?s)case 3, values \\[7]; repeat with -Ddarkroom.test.seed=-?\\d+: .*");
    }

    @Test
    void valuesStayInRangeAndReachItsEnds() {
        List<Long> small = new ArrayList<>();
        List<Long> all = new ArrayList<>();

        SeededCases.check(2_000, random -> {
            small.add(random.longBetween(-2, 3));
            all.add(random.anyLong());
            assertThat(random.anyFraction()).isGreaterThanOrEqualTo(0).isLessThan(1);
            assertThat(random.anyText(5)).hasSizeLessThanOrEqualTo(5);
        });

        assertThat(small).contains(-2L, -1L, 0L, 1L, 2L, 3L).allMatch(value -> value >= -2 && value <= 3);
        assertThat(all).contains(Long.MIN_VALUE, Long.MAX_VALUE).anyMatch(value -> value > 0 && value < 1_000);
    }
}
