package dev.darkroom.server;

import dev.darkroom.config.Settings;
import dev.darkroom.node.LocalNode;
import dev.darkroom.telemetry.Tracing;
import io.vertx.core.Future;
import io.vertx.core.Vertx;

/** Wiring of the traces. */
final class TracingModule {
    private TracingModule() {}

    /** Installs the tracing of a process before all traced components, so that it stops after them and exports their last spans. */
    static void start(Settings settings, Vertx vertx, LocalNode localNode, ProcessLifecycle processLifecycle) {
        Tracing tracing = Tracing.create(
                settings.tracing(),
                BuildVersion.current(),
                localNode.processId().toString());
        if (tracing.isOn()) {
            tracing.install(vertx);
            processLifecycle.addStopStep("tracing", () -> {
                tracing.close();
                return Future.succeededFuture();
            });
        }
    }
}
