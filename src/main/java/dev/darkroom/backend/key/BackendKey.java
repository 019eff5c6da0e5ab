package dev.darkroom.backend.key;

import dev.darkroom.backend.BackendKeyStatus.State;
import dev.darkroom.config.Secret;
import java.time.Duration;

/** API key of an AI server, with its state in this process. The state is guarded by the {@link BackendKeyRing}. */
public final class BackendKey {
    private final String name;
    private volatile Secret secret;

    // Guarded by the ring.
    private boolean missing;
    private State restReason = State.USABLE;
    private long restStartedAt;
    private long restEndsAt;
    private int consecutiveRateLimits;

    BackendKey(String name, Secret secret) {
        this.name = name;
        this.secret = secret;
        this.missing = !secret.isPresent();
    }

    /** Returns the name; not a secret. */
    public String name() {
        return name;
    }

    /**
     * Returns the current value. A key without a file keeps its last value, so that its jobs can be polled; {@link Secret#NONE} when it
     * never had one.
     */
    public Secret secret() {
        return secret;
    }

    boolean missing() {
        return missing;
    }

    State state(long now) {
        return missing ? State.MISSING : isResting(now) ? restReason : State.USABLE;
    }

    boolean isResting(long now) {
        return restReason != State.USABLE && restEndsAt - now > 0;
    }

    /** Returns the rest of the time for which the key is not used; zero when it is usable, or missing for an unknown time. */
    Duration remainingRest(long now) {
        return !missing && isResting(now) ? Duration.ofNanos(restEndsAt - now) : Duration.ZERO;
    }

    void rest(State reason, long startsAt, long endsAt) {
        restReason = reason;
        restStartedAt = startsAt;
        restEndsAt = endsAt;
    }

    /**
     * Returns how many rate limits followed each other, including this one. A request that started before the last rest belongs to the same
     * burst as the one that caused it, and does not count again.
     */
    int countRateLimit(long requestStartedAt) {
        if (consecutiveRateLimits == 0 || requestStartedAt - restStartedAt >= 0) {
            consecutiveRateLimits++;
        }
        return consecutiveRateLimits;
    }

    void endRest() {
        restReason = State.USABLE;
        consecutiveRateLimits = 0;
    }

    void replace(Secret value) {
        secret = value;
        missing = false;
        endRest();
    }

    void setMissing() {
        missing = true;
    }
}
