package dev.darkroom.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class AllocationLimitsTest {
    private static final double MEASURED = AllocationLimits.MEASURED_KB.get(ApiBenchmark.POST_USUAL);

    @Test
    void permitsTheMargin() {
        assertThat(AllocationLimits.findExceeded(Map.of(ApiBenchmark.POST_USUAL, MEASURED * 1.14)))
                .isEmpty();
    }

    @Test
    void reportsMoreThanTheMargin() {
        assertThat(AllocationLimits.findExceeded(Map.of(ApiBenchmark.POST_USUAL, MEASURED * 1.16)))
                .singleElement()
                .asString()
                .startsWith(ApiBenchmark.POST_USUAL);
    }
}
