package dev.darkroom.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NumberRangeTest {
    private static final NumberRange RANGE = NumberRange.between(64, 1024);
    private static final NumberRange VALUES = NumberRange.of(List.of(1024L, 256L, 512L, 2048L));

    @Test
    void intersectionHasTheNumbersOfBoth() {
        // when
        NumberRange both = RANGE.intersect(VALUES);

        // then
        assertThat(both.values()).containsExactly(256L, 512L, 1024L);
        assertThat(both.describe()).isEqualTo("must be one of 256, 512, 1024");
        assertThat(both.contains(64)).isFalse();
        assertThat(both.contains(512)).isTrue();
        assertThat(VALUES.intersect(RANGE)).isEqualTo(both);
        assertThat(RANGE.intersect(NumberRange.between(512, 4096))).isEqualTo(NumberRange.between(512, 1024));
    }

    @Test
    void disjointRangesAcceptNothing() {
        // when
        NumberRange none = RANGE.intersect(NumberRange.between(2000, 3000));

        // then
        assertThat(none.acceptsNothing()).isTrue();
        assertThat(none.contains(1024)).isFalse();
        assertThat(none.nearest(512)).isEqualTo(512);
        assertThat(VALUES.intersect(NumberRange.between(1, 2)).acceptsNothing()).isTrue();
    }

    @Test
    void findsTheNearestNumber() {
        assertThat(RANGE.nearest(16)).isEqualTo(64);
        assertThat(RANGE.nearest(512)).isEqualTo(512);
        assertThat(RANGE.nearest(4096)).isEqualTo(1024);
        assertThat(VALUES.nearest(600)).isEqualTo(512);
        assertThat(VALUES.nearest(4096)).isEqualTo(2048);
    }

    @Test
    void picksNumbersOfTheRange() {
        assertThat(NumberRange.between(5, 7).pick(() -> 1)).isBetween(5L, 7L);
        assertThat(VALUES.pick(() -> Long.MAX_VALUE)).isIn(VALUES.values());
    }
}
