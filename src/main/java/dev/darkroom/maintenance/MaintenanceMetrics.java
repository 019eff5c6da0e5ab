package dev.darkroom.maintenance;

import dev.darkroom.maintenance.RetentionTask.Statistics;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.function.ToDoubleFunction;

/** Meters of the retention and of the transactions that block vacuum. */
public record MaintenanceMetrics(RetentionTask retention, VacuumBlockerMonitor vacuumBlockers) implements MeterBinder {
    @Override
    public void bindTo(MeterRegistry registry) {
        bindDeleted(registry, "GENERATIONS", Statistics::generations);
        bindDeleted(registry, "IMAGES", Statistics::images);
        bindDeleted(registry, "ORPHANED_FILES", Statistics::orphanedFiles);
        FunctionCounter.builder(
                        "darkroom.retention.failures",
                        retention,
                        task -> task.statistics().failures())
                .description("Parts of retention runs that failed")
                .register(registry);
        Gauge.builder("darkroom.database.vacuum.blockers", vacuumBlockers, VacuumBlockerMonitor::blockerCount)
                .description("Transactions and slots that block vacuum")
                .register(registry);
    }

    private void bindDeleted(MeterRegistry registry, String object, ToDoubleFunction<Statistics> count) {
        FunctionCounter.builder("darkroom.retention.deleted", retention, task -> count.applyAsDouble(task.statistics()))
                .description("Objects that retention deleted")
                .tag("object", object)
                .register(registry);
    }
}
