package dev.darkroom.generation;

/**
 * Numbers of ended attempts of a generation, by the limit that they count towards.
 *
 * @param counted failures that may be the generation's fault, see {@code retry.maxAttempts}
 * @param uncounted attempts that no other limit counts, see {@code retry.maxUncountedAttempts}
 * @param lost attempts that ended with the death of their process, see {@code retry.maxLostAttempts}
 */
public record AttemptCounts(int counted, int uncounted, int lost) {
    public static final AttemptCounts NONE = new AttemptCounts(0, 0, 0);

    public int total() {
        return counted + uncounted + lost;
    }
}
