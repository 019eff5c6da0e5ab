package dev.darkroom.backend;

/**
 * How many calls at once an AI server is given: as many as it takes. Overload makes it fewer at once, by three tenths; what
 * goes well makes it one more for each full round of calls (additive increase, multiplicative decrease: Chiu and Jain,
 * 1989). Latency plays no part, since it depends on what is asked for more than on how much. After an outage it starts low
 * and grows with every call that goes well, which doubles it in each round, so that a server that has just come back is not
 * met by everything that has waited. Not thread-safe.
 */
final class ConcurrencyLimit {
    private static final double DECREASE = 0.7;

    private final int most;
    private double limit;
    private boolean comingBack;
    private boolean everDecreased;
    private long decreasedAt;

    /** @param most never more than this, at least 1 */
    ConcurrencyLimit(int most) {
        this.most = most;
        this.limit = most;
    }

    /** Calls that may be under way at once, at least 1. */
    int calls() {
        return (int) limit;
    }

    /**
     * A call went well.
     *
     * @param underWay calls under way with it: a limit that nobody comes near has not been tried, and does not grow
     */
    void succeeded(int underWay) {
        if (comingBack) {
            limit = Math.min(most, limit + 1);
            comingBack = limit < most;
        } else if (underWay >= calls()) {
            limit = Math.min(most, limit + 1 / limit);
        }
    }

    /**
     * The server had too much to do.
     *
     * @param callStartedAt calls that were under way when the limit was last lowered are the same overload, told again
     * @param now by the same clock, in nanoseconds
     */
    void overloaded(long callStartedAt, long now) {
        if (everDecreased && callStartedAt - decreasedAt < 0) {
            return;
        }
        everDecreased = true;
        decreasedAt = now;
        comingBack = false;
        limit = Math.max(1, Math.floor(limit * DECREASE));
    }

    /** There is an outage. When it is over, the first calls are as many as tried whether it is. */
    void outage(int probes) {
        limit = Math.min(most, probes);
        comingBack = true;
    }
}
