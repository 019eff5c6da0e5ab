package dev.darkroom.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The random values of one case of {@link SeededCases}. Numbers prefer the ends of their range and small magnitudes, where
 * mistakes are more frequent than elsewhere. {@link #toString()} shows the values drawn so far.
 */
public final class RandomCase {
    private final SplittableRandom random;
    private final List<Object> drawn = new ArrayList<>();

    RandomCase(SplittableRandom random) {
        this.random = random;
    }

    /** A number from a range, both ends included. */
    public long longBetween(long least, long most) {
        return draw(number(least, most));
    }

    /** A number from a range, both ends included. */
    public int intBetween(int least, int most) {
        return Math.toIntExact(longBetween(least, most));
    }

    public long anyLong() {
        return longBetween(Long.MIN_VALUE, Long.MAX_VALUE);
    }

    public int anyInt() {
        return intBetween(Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    /** A number from 0, included, to 1, excluded. */
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

    /** True in one case of so many. */
    public boolean oneIn(int cases) {
        return random.nextInt(cases) == 0;
    }

    /** One of these. */
    public <T> T oneOf(List<T> choices) {
        return draw(choices.get(random.nextInt(choices.size())));
    }

    /** Up to so many characters, of any kind: controls, surrogates without a partner, ASCII and everything else. */
    public String anyText(int mostCharacters) {
        StringBuilder text = new StringBuilder();
        int length = random.nextInt(mostCharacters + 1);
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

    private long number(long least, long most) {
        if (least == most) {
            return least;
        }
        switch (random.nextInt(8)) {
            case 0:
                return random.nextBoolean() ? least : most;
            case 1:
                return random.nextBoolean() ? least + 1 : most - 1;
            case 2, 3, 4:
                // A magnitude first, then a number of that many bits.
                long small = random.nextLong() >>> random.nextInt(1, 64);
                long signed = least < 0 && random.nextBoolean() ? -small : small;
                if (signed >= least && signed <= most) {
                    return signed;
                }
                break;
            default:
                break;
        }
        if (most == Long.MAX_VALUE) {
            return least == Long.MIN_VALUE ? random.nextLong() : random.nextLong(least - 1, most) + 1;
        }
        return random.nextLong(least, most + 1);
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
