package dev.darkroom.telemetry;

import com.sun.management.OperatingSystemMXBean;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.lang.management.ManagementFactory;

/** The processor time of the process in seconds, as {@code process_cpu_seconds_total}. */
final class ProcessorTimeMetrics implements MeterBinder {
    private static final double NANOS_PER_SECOND = 1e9;

    private final OperatingSystemMXBean operatingSystem =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    @Override
    public void bindTo(MeterRegistry registry) {
        FunctionCounter.builder("process.cpu", operatingSystem, bean -> bean.getProcessCpuTime() / NANOS_PER_SECOND)
                .description("Processor time of the process")
                .baseUnit("seconds")
                .register(registry);
    }
}
