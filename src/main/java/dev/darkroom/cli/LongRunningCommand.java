package dev.darkroom.cli;

import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.server.ProcessLifecycle;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Base of the commands that run until SIGTERM or SIGINT. */
@Command(mixinStandardHelpOptions = true, versionProvider = VersionProvider.class, exitCodeOnInvalidInput = 1)
abstract class LongRunningCommand implements Callable<Integer> {
    @Option(names = "--stop-when-ready", description = "Stop as soon as the start has succeeded.")
    private boolean stopWhenReady;

    /** Starts the components and registers them with {@code processLifecycle}. Blocks until they are ready. */
    abstract void start(Settings settings, ProcessLifecycle processLifecycle) throws Exception;

    /**
     * Starts, waits for a signal unless {@code --stop-when-ready} is given, and stops. Halts the JVM, with 0 after a successful stop and with 1 otherwise, as {@link
     * ProcessLifecycle#installSignalHandler} requires. Returns only by an exception of the settings.
     */
    @Override
    public final Integer call() {
        SettingsLoader.LoadedSettings loadedSettings = SettingsLoader.load(System.getenv(), Path.of(""));
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
