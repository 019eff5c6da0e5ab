package dev.darkroom.benchmark;

import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.server.ProcessLifecycle;
import dev.darkroom.server.Server;
import dev.darkroom.telemetry.ProcessMetrics;
import java.nio.file.Path;

/** Main class of a service with or without metrics. The service itself has no such setting. */
final class MeteredServer {
    /** Argument of a service without metrics. */
    static final String WITHOUT = "without";

    private MeteredServer() {}

    public static void main(String[] args) throws Exception {
        Settings settings = SettingsLoader.load(System.getenv(), Path.of("").toAbsolutePath())
                .settings();
        ProcessLifecycle processLifecycle = new ProcessLifecycle();
        if (args[0].equals(WITHOUT)) {
            Server.start(settings, processLifecycle, ProcessMetrics.disabled());
        } else {
            Server.start(settings, processLifecycle);
        }
    }
}
