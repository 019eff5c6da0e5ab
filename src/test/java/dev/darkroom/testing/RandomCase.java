package dev.darkroom.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Random values of one case of {@link SeededCases}. Prefers the ends of a range and small magnitudes, where bugs are more
 * frequent. {@link #toString()} shows the values drawn so far.
 */
public final class RandomCase {
    private final SplittableRandom random;
    private final List<Object> drawn = new ArrayList<>();

    RandomCase(SplittableRandom random) {
        this.random = random;
    }

    /** Returns a number from a range, both ends included. */
    public long longBetween(long min, long max) {
        return draw(number(min, max));
    }

    /** Returns a number from a range, both ends included. */
    public int intBetween(int min, int max) {
        return Math.toIntExact(longBetween(min, max));
    }

    public long anyLong() {
        return longBetween(Long.MIN_VALUE, Long.MAX_VALUE);
    }

    public int anyInt() {
        return intBetween(Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    /** Returns a number from 0, inclusive, to 1, exclusive. */
    public double anyFraction() {
        return draw(
                switch (random.nextInt(20)) {
                    case 0 -> 0.0;
                    case 1 -> Math.nextDown(1.0);
                    case 2 -> Double.MIN_VALUE;
                    default -> random.nextDouble();
                });
    }

    public boolean anyBoolean() {
        return draw(random.nextBoolean());
    }

    /** Returns true with probability 1 in {@code cases}. */
    public boolean oneIn(int cases) {
        return random.nextInt(cases) == 0;
    }

    /** Returns a random element. */
    public <T> T oneOf(List<T> choices) {
        return draw(choices.get(random.nextInt(choices.size())));
    }

    /** Returns up to {@code maxLength} characters, including control characters and unpaired surrogates. */
    public String anyText(int maxLength) {
        StringBuilder text = new StringBuilder();
        int length = random.nextInt(maxLength + 1);
        for (int i = 0; i < length; i++) {
            text.append(
                    switch (random.nextInt(4)) {
                        case 0 -> (char) random.nextInt(0x20);
                        case 1 -> (char) random.nextInt(0x10000);
                        default -> (char) random.nextInt(0x20, 0x7f);
                    });
        }
        return draw(text.toString());
    }

    private long number(long min, long max) {
        if (min == max) {
            return min;
        }
        switch (random.nextInt(8)) {
            case 0:
                return random.nextBoolean() ? min : max;
            case 1:
                return random.nextBoolean() ? min + 1 : max - 1;
            case 2, 3, 4:
                // Draws the number of bits first, then a number of that many bits.
                long small = random.nextLong() >>> random.nextInt(1, 64);
                long signed = min < 0 && random.nextBoolean() ? -small : small;
                if (signed >= min && signed <= max) {
                    return signed;
                }
                break;
            default:
                break;
        }
        if (max == Long.MAX_VALUE) {
            return min == Long.MIN_VALUE ? random.nextLong() : random.nextLong(min - 1, max) + 1;
        }
        return random.nextLong(min, max + 1);
    }

    private <T> T draw(T value) {
        drawn.add(value);
        return value;
    }

    @Override
    public String toString() {
        return "values " + drawn;
    }
}
