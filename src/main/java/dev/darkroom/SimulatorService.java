package dev.darkroom;

import dev.darkroom.config.Settings;
import dev.darkroom.simulator.SimulatorVerticle;
import io.vertx.core.Vertx;

/** The bundled AI server alone, as a process of its own. */
final class SimulatorService {
    private SimulatorService() {}

    static void start(Settings settings, Lifecycle lifecycle) throws Exception {
        Vertx vertx = Vertx.vertx();
        lifecycle.started("vertx", vertx::close);
        int port = deploy(vertx, settings.simulator());
        System.out.printf(
                "Darkroom's AI simulator is ready.%n  AI server   http://127.0.0.1:%d/v1%n  Script      http://127.0.0.1:%d/simulator/script%n",
                port, port);
    }

    /** Deploys the simulator and tells its port. */
    static int deploy(Vertx vertx, Settings.Simulator settings) throws Exception {
        SimulatorVerticle simulator = new SimulatorVerticle(settings.port(), settings.latency());
        try {
            Lifecycle.await(vertx.deployVerticle(simulator));
        } catch (Exception e) {
            throw Ports.explain(e, "DARKROOM_SIMULATOR", "127.0.0.1", settings.port());
        }
        return simulator.port();
    }
}
