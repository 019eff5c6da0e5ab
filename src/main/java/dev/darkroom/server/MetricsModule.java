package dev.darkroom.server;

import dev.darkroom.netty.DirectMemoryMetrics;
import dev.darkroom.telemetry.EventLoopDelays;
import dev.darkroom.telemetry.EventLoopMonitorVerticle;
import dev.darkroom.telemetry.ProcessMetrics;
import io.vertx.core.Vertx;

/** Wiring of the metrics. */
final class MetricsModule {
    private MetricsModule() {}

    /** Creates the meters of a process, before the Vert.x instance that they measure. */
    static ProcessMetrics create() {
        ProcessMetrics metrics = new ProcessMetrics(BuildVersion.current());
        metrics.bind(new DirectMemoryMetrics());
        return metrics;
    }

    static void deployEventLoopMonitor(Vertx vertx, ProcessMetrics metrics, ProcessLifecycle processLifecycle)
            throws Exception {
        EventLoopDelays delays = new EventLoopDelays(metrics.registry(), System::nanoTime);
        int instances = 2 * Runtime.getRuntime().availableProcessors();
        processLifecycle.deploy(vertx, "event loop monitor", instances, () -> new EventLoopMonitorVerticle(delays));
    }
}
