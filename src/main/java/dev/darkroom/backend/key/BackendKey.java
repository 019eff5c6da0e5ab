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
    private State cooldownReason = State.USABLE;
    private long cooldownStartedAt;
    private long cooldownEndsAt;
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
        return missing ? State.MISSING : isCoolingDown(now) ? cooldownReason : State.USABLE;
    }

    boolean isCoolingDown(long now) {
        return cooldownReason != State.USABLE && cooldownEndsAt - now > 0;
    }

    /** Returns the remaining cooldown; zero when it is usable, or missing for an unknown time. */
    Duration remainingCooldown(long now) {
        return !missing && isCoolingDown(now) ? Duration.ofNanos(cooldownEndsAt - now) : Duration.ZERO;
    }

    void startCooldown(State reason, long startsAt, long endsAt) {
        cooldownReason = reason;
        cooldownStartedAt = startsAt;
        cooldownEndsAt = endsAt;
    }

    /**
     * Returns how many rate limits followed each other, including this one. A request that started before the last cooldown belongs to the same
     * burst as the one that caused it, and does not count again.
     */
    int countRateLimit(long requestStartedAt) {
        if (consecutiveRateLimits == 0 || requestStartedAt - cooldownStartedAt >= 0) {
            consecutiveRateLimits++;
        }
        return consecutiveRateLimits;
    }

    void endCooldown() {
        cooldownReason = State.USABLE;
        consecutiveRateLimits = 0;
    }

    void replace(Secret value) {
        secret = value;
        missing = false;
        endCooldown();
    }

    void setMissing() {
        missing = true;
    }
}
