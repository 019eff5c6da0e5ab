package dev.darkroom.testing;

import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Checks a property with many random cases. Each run draws a new seed. A failure names the seed and the case, and
 * {@code -Ddarkroom.test.seed=SEED} repeats the run.
 */
public final class SeededCases {
    private static final String SEED = "darkroom.test.seed";

    private SeededCases() {}

    /** Checks a thousand cases. */
    public static void check(Consumer<RandomCase> property) {
        check(1_000, property);
    }

    /** Checks {@code cases} cases. */
    public static void check(int cases, Consumer<RandomCase> property) {
        long seed = Long.getLong(SEED, new Random().nextLong());
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < cases; i++) {
            RandomCase values = new RandomCase(random.split());
            try {
                property.accept(values);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(
                        "case %d, %s; repeat with -D%s=%d: %s".formatted(i, values, SEED, seed, e.getMessage()), e);
            }
        }
    }
}
