package dev.darkroom.backend.executor;

/**
 * Adaptive limit of concurrent calls to an AI server. Additive increase, multiplicative decrease (Chiu and Jain, 1989):
 * overload lowers the limit by 30 % at once, and one full round of successful calls raises it by one. Latency is ignored,
 * since it depends on the request more than on the load. After an outage the limit starts low and grows by one with each
 * success, which doubles it per round, so that the backlog does not overload a server that just recovered. Not thread-safe.
 */
final class AdaptiveConcurrencyLimit {
    private static final double DECREASE = 0.7;

    private final int maxLimit;
    private double limit;
    private boolean recovering;
    private boolean decreased;
    private long lastDecreaseNanos;

    /** @param maxLimit upper bound of the limit and its initial value, at least 1 */
    AdaptiveConcurrencyLimit(int maxLimit) {
        this.maxLimit = maxLimit;
        this.limit = maxLimit;
    }

    /** Returns the current limit of concurrent calls, at least 1. */
    int maxCalls() {
        return (int) limit;
    }

    /**
     * Records a successful call.
     *
     * @param activeCalls concurrent calls, this one included. Below the limit they give no evidence for a higher one, so
     *     the limit stays
     */
    void recordSuccess(int activeCalls) {
        if (recovering) {
            limit = Math.min(maxLimit, limit + 1);
            recovering = limit < maxLimit;
        } else if (activeCalls >= maxCalls()) {
            limit = Math.min(maxLimit, limit + 1 / limit);
        }
    }

    /**
     * Records a call that failed because of overload. A call that started before the last decrease reports the same
     * overload again and changes nothing.
     *
     * @param callStartedAt start of the call in nanoseconds
     * @param now nanoseconds of the same clock
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

    /** Records an outage. After recovery the limit starts at the number of half-open calls. */
    void recordOutage(int halfOpenCalls) {
        limit = Math.min(maxLimit, halfOpenCalls);
        recovering = true;
    }
}
