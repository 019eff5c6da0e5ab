package dev.darkroom.image.store;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

/** Meter of the health of the image store. */
public record ImageStoreHealthMetrics(ImageStoreHealth health) implements MeterBinder {
    @Override
    public void bindTo(MeterRegistry registry) {
        Gauge.builder("darkroom.image.store.failing", health, each -> each.failing() ? 1 : 0)
                .description("1 while the last write or check of the image store failed")
                .register(registry);
    }
}
