package dev.darkroom.auth;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

/** Meters of the rate limits of an address. Without a limit, its counter stays 0. */
public record RateLimitMetrics(AuthServices services) implements MeterBinder {
    @Override
    public void bindTo(MeterRegistry registry) {
        bindTo(registry, "USER", services.userRateLimiter());
        bindTo(registry, "ADDRESS", services.anonymousRateLimiter());
        bindTo(registry, "FAILED_LOGINS", services.failedLoginLimiter().failures());
    }

    private void bindTo(MeterRegistry registry, String limit, KeyedRateLimiter limiter) {
        FunctionCounter.builder(
                        "darkroom.requests.rate.limited", services, each -> limiter == null ? 0 : limiter.rejected())
                .description("Requests rejected by a rate limit")
                .tag("limit", limit)
                .register(registry);
    }
}
