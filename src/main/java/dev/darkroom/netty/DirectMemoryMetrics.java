package dev.darkroom.netty;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.netty.util.internal.PlatformDependent;

/** Meter of the memory outside of the heap that Netty allocates without the JVM, so that the JVM does not count it. */
public record DirectMemoryMetrics() implements MeterBinder {
    @Override
    public void bindTo(MeterRegistry registry) {
        Gauge.builder("darkroom.netty.direct.memory", () -> Math.max(0, PlatformDependent.usedDirectMemory()))
                .description("Direct memory that Netty has allocated")
                .baseUnit("bytes")
                .register(registry);
    }
}
