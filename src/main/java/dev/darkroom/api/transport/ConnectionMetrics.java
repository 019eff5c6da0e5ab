package dev.darkroom.api.transport;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

/** Meters of the accepted connections of a process. */
public record ConnectionMetrics(InboundConnectionLimiter limiter) implements MeterBinder {
    @Override
    public void bindTo(MeterRegistry registry) {
        Gauge.builder("darkroom.connections.open", limiter, InboundConnectionLimiter::openConnections)
                .description("Open connections to the API")
                .register(registry);
        FunctionCounter.builder("darkroom.connections.rejected", limiter, InboundConnectionLimiter::rejectedConnections)
                .description("Connections closed at once, because a limit was reached")
                .register(registry);
    }
}
