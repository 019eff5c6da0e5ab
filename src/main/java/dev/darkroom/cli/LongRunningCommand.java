package dev.darkroom.cli;

import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.server.ProcessLifecycle;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Base of the commands that run until SIGTERM or SIGINT. */
@Command(mixinStandardHelpOptions = true, versionProvider = VersionProvider.class, exitCodeOnInvalidInput = 1)
abstract class LongRunningCommand implements Callable<Integer> {
    /** With {@code --stop-when-ready}, the process takes no work and no port of a running process. */
    private static final Map<String, String> STOP_WHEN_READY_SETTINGS = Map.of(
            "DARKROOM_NODE_ROLES", "api",
            "DARKROOM_GENERATION_INSTANCES", "1",
            "DARKROOM_CLUSTER_ENABLED", "false",
            "DARKROOM_HTTP_PORT", "0",
            "DARKROOM_MANAGEMENT_PORT", "0",
            "DARKROOM_SIMULATOR_PORT", "0");

    @Option(
            names = "--stop-when-ready",
            description =
                    "Check settings and database, migrate the tables, start on free ports without taking work, and stop.")
    private boolean stopWhenReady;

    /** Starts the components and registers them with {@code processLifecycle}. Blocks until they are ready. */
    abstract void start(Settings settings, ProcessLifecycle processLifecycle) throws Exception;

    /**
     * Starts, waits for a signal unless {@code --stop-when-ready} is given, and stops. Halts the JVM, with 0 after a successful stop
     * and with 1 otherwise, as {@link ProcessLifecycle#installSignalHandler} requires. Returns only by an exception of the settings.
     */
    @Override
    public final Integer call() {
        SettingsLoader.LoadedSettings loadedSettings = SettingsLoader.load(System.getenv(), Path.of(""));
        if (stopWhenReady) {
            // The first load has checked the settings that are replaced.
            Map<String, String> environment = new HashMap<>(System.getenv());
            environment.putAll(STOP_WHEN_READY_SETTINGS);
            loadedSettings = SettingsLoader.load(environment, Path.of(""));
        }
        // The first logger reads this property, so it must be set before it is created.
        System.setProperty(
                "darkroom.log.format", loadedSettings.settings().log().json() ? "json" : "text");
        Logger log = LoggerFactory.getLogger(getClass());
        ProcessLifecycle processLifecycle = new ProcessLifecycle();
        boolean succeeded = true;
        try {
            loadedSettings.warnings().forEach(log::warn);
            processLifecycle.installSignalHandler();
            start(loadedSettings.settings(), processLifecycle);
            if (!stopWhenReady) {
                processLifecycle.awaitSignal();
            }
        } catch (Throwable e) {
            succeeded = processLifecycle.isStopRequested();
            if (!succeeded) {
                System.err.println(ErrorLine.of(e));
            }
        }
        succeeded &= processLifecycle.stop();
        int exitCode = succeeded ? 0 : 1;
        Runtime.getRuntime().halt(exitCode);
        return exitCode;
    }
}
