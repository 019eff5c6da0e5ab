package dev.darkroom.server;

import dev.darkroom.config.Settings;
import dev.darkroom.netty.DirectMemoryMetrics;
import dev.darkroom.telemetry.EventLoopDelays;
import dev.darkroom.telemetry.EventLoopMonitorVerticle;
import dev.darkroom.telemetry.HttpServerRoles;
import dev.darkroom.telemetry.ProcessMetrics;
import io.vertx.core.Future;
import io.vertx.core.Vertx;

/** Wiring of the metrics. */
final class MetricsModule {
    private MetricsModule() {}

    /** Creates the meters of the process, before the Vert.x instance that they measure. */
    static ProcessMetrics create(Settings settings, ProcessLifecycle processLifecycle) {
        ProcessMetrics metrics = new ProcessMetrics(
                BuildVersion.current(),
                new HttpServerRoles(
                        settings.http().port(), settings.management().port()));
        metrics.bind(new DirectMemoryMetrics());
        processLifecycle.addStopStep("metrics", () -> {
            metrics.close();
            return Future.succeededFuture();
        });
        return metrics;
    }

    static void deployEventLoopMonitor(Vertx vertx, ProcessMetrics metrics, ProcessLifecycle processLifecycle)
            throws Exception {
        EventLoopDelays delays = new EventLoopDelays(metrics.registry(), System::nanoTime);
        int instances = 2 * Runtime.getRuntime().availableProcessors();
        processLifecycle.deploy(vertx, "event loop monitor", instances, () -> new EventLoopMonitorVerticle(delays));
    }
}
