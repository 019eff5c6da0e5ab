package dev.darkroom.server;

import dev.darkroom.config.Settings;
import dev.darkroom.simulator.SimulatorVerticle;
import io.vertx.core.Vertx;

/** Runs the bundled AI server alone, as a process of its own. */
public final class SimulatorLauncher {
    private SimulatorLauncher() {}

    /** Starts the simulator and prints its URLs. Blocks until it accepts requests. */
    public static void start(Settings settings, ProcessLifecycle processLifecycle) throws Exception {
        Vertx vertx = Vertx.vertx();
        processLifecycle.addStopStep("vertx", vertx::close);
        int port = deploy(vertx, settings.simulator());
        System.out.printf(
                "Darkroom's AI simulator is ready.%n  AI server   http://127.0.0.1:%d/v1%n  Script      http://127.0.0.1:%d/simulator/script%n",
                port, port);
    }

    /** Deploys the simulator and returns its port. */
    static int deploy(Vertx vertx, Settings.Simulator settings) throws Exception {
        SimulatorVerticle simulator = new SimulatorVerticle(settings.port(), settings.latency());
        try {
            ProcessLifecycle.await(vertx.deployVerticle(simulator));
        } catch (Exception e) {
            throw BindErrors.translate(e, "DARKROOM_SIMULATOR", "127.0.0.1", settings.port());
        }
        return simulator.port();
    }
}
