package dev.darkroom.api.stream;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

/** Meters of the event streams of a process. */
public record StreamMetrics(StreamLimiter limiter) implements MeterBinder {
    @Override
    public void bindTo(MeterRegistry registry) {
        for (StreamKind kind : StreamKind.values()) {
            Gauge.builder("darkroom.streams.open", limiter, each -> each.openStreams(kind))
                    .description("Open event streams")
                    .tag("kind", kind.name())
                    .register(registry);
        }
        Gauge.builder("darkroom.streams.limit", limiter, StreamLimiter::limit)
                .description("Maximum number of open event streams")
                .register(registry);
        FunctionCounter.builder("darkroom.streams.rejected", limiter, StreamLimiter::rejected)
                .description("Streams that were closed at once, because a limit was reached")
                .register(registry);
    }
}
