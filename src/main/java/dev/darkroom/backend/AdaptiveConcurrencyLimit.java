package dev.darkroom.backend;

/**
 * How many calls at once an AI server is given: as many as it takes. Overload makes it fewer at once, by three tenths; what
 * goes well makes it one more for each full round of calls (additive increase, multiplicative decrease: Chiu and Jain,
 * 1989). Latency plays no part, since it depends on what is asked for more than on how much. After an outage it starts low
 * and grows with every call that goes well, which doubles it in each round, so that a server that has just come back is not
 * met by everything that has waited. Not thread-safe.
 */
final class AdaptiveConcurrencyLimit {
    private static final double DECREASE = 0.7;

    private final int maxLimit;
    private double limit;
    private boolean recovering;
    private boolean decreased;
    private long lastDecreaseNanos;

    /** @param most never more than this, at least 1 */
    AdaptiveConcurrencyLimit(int most) {
        this.maxLimit = most;
        this.limit = most;
    }

    /** Calls that may be under way at once, at least 1. */
    int maxCalls() {
        return (int) limit;
    }

    /**
     * A call went well.
     *
     * @param underWay calls under way with it: a limit that nobody comes near has not been tried, and does not grow
     */
    void recordSuccess(int underWay) {
        if (recovering) {
            limit = Math.min(maxLimit, limit + 1);
            recovering = limit < maxLimit;
        } else if (underWay >= maxCalls()) {
            limit = Math.min(maxLimit, limit + 1 / limit);
        }
    }

    /**
     * The server had too much to do.
     *
     * @param callStartedAt calls that were under way when the limit was last lowered are the same overload, told again
     * @param now by the same clock, in nanoseconds
     */
    void recordOverload(long callStartedAt, long now) {
        if (decreased && callStartedAt - lastDecreaseNanos < 0) {
            return;
        }
        decreased = true;
        lastDecreaseNanos = now;
        recovering = false;
        limit = Math.max(1, Math.floor(limit * DECREASE));
    }

    /** There is an outage. When it is over, the first calls are as many as tried whether it is. */
    void recordOutage(int probes) {
        limit = Math.min(maxLimit, probes);
        recovering = true;
    }
}
