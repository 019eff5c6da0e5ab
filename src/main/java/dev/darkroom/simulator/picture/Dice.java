package dev.darkroom.simulator.picture;

/**
 * Repeatable randomness: a SplitMix64 sequence (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). Own
 * code because the pictures must not change when a JDK changes its generators. Not thread-safe.
 */
final class Dice {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private long state;

    Dice(long seed) {
        this.state = seed;
    }

    /** Scatters the bits of a number: neighbours come out unrelated. */
    static long mix(long value) {
        long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** A hash of every character of a text (FNV-1a, 64 bits, scattered). */
    static long hash(String text) {
        long hash = 0xCBF29CE484222325L;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001B3L;
        }
        return mix(hash);
    }

    /** Folds one more number into a hash. */
    static long with(long hash, long value) {
        return mix(hash * 31 + mix(value + GOLDEN));
    }

    /** The upper bits of a number as a fraction, 0 inclusive to 1 exclusive. */
    static double fraction(long bits) {
        return (bits >>> 11) * 0x1.0p-53;
    }

    long nextLong() {
        state += GOLDEN;
        return mix(state);
    }

    double between(double low, double high) {
        return low + (high - low) * fraction(nextLong());
    }

    /** 0 inclusive to {@code bound} exclusive. */
    int below(int bound) {
        return (int) (fraction(nextLong()) * bound);
    }

    boolean chance(double probability) {
        return fraction(nextLong()) < probability;
    }
}
