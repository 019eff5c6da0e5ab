package dev.darkroom.backend.executor;

import dev.darkroom.backend.BackendKeyStatus;
import dev.darkroom.backend.executor.BackendExecutor.BreakerState;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Meters of the calls to one AI server. */
public record BackendExecutorMetrics(BackendExecutor executor) implements MeterBinder {
    private static final double MILLIS_PER_SECOND = 1_000;
    private static final String STATE = "state";

    @Override
    public void bindTo(MeterRegistry registry) {
        Tags backend = Tags.of("backend", executor.name());
        gauge(registry, "calls.running", "Calls in progress", null, backend, BackendExecutor::activeCalls);
        gauge(
                registry,
                "calls.limit",
                "Current limit of concurrent calls",
                null,
                backend,
                BackendExecutor::concurrency);
        gauge(
                registry,
                "permits.available",
                "Calls that may start now",
                null,
                backend,
                BackendExecutor::availablePermits);
        gauge(
                registry,
                "pause",
                "Rest of the pause after a rate limit",
                "seconds",
                backend,
                each -> each.remainingPause().toMillis() / MILLIS_PER_SECOND);
        gauge(
                registry,
                "drained",
                "1 while an administrator drains the AI server",
                null,
                backend,
                each -> each.drained() ? 1 : 0);
        for (BackendKeyStatus.State state : BackendKeyStatus.State.values()) {
            gauge(
                    registry,
                    "api.keys",
                    "API keys by state",
                    null,
                    backend.and(STATE, state.name()),
                    each -> each.keys().stream()
                            .filter(key -> key.state() == state)
                            .count());
        }
        bindBreaker(registry, backend);
    }

    private void bindBreaker(MeterRegistry registry, Tags backend) {
        Map<BreakerState, Counter> changes = new EnumMap<>(BreakerState.class);
        for (BreakerState state : BreakerState.values()) {
            Tags tags = backend.and(STATE, state.name());
            gauge(
                    registry,
                    "breaker.state",
                    "1 for the current state of the circuit breaker",
                    null,
                    tags,
                    each -> each.state() == state ? 1 : 0);
            changes.put(
                    state,
                    Counter.builder("darkroom.backend.breaker.changes")
                            .description("Changes of the circuit breaker to a state")
                            .tags(tags)
                            .register(registry));
        }
        executor.onBreakerChange(state -> changes.get(state).increment());
    }

    private void gauge(
            MeterRegistry registry,
            String name,
            String description,
            String unit,
            Tags tags,
            ToDoubleFunction<BackendExecutor> value) {
        Gauge.builder("darkroom.backend." + name, executor, value)
                .description(description)
                .baseUnit(unit)
                .tags(tags)
                .register(registry);
    }
}
