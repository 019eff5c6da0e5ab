package dev.darkroom.cli;

import dev.darkroom.config.Settings;
import dev.darkroom.server.ProcessLifecycle;
import dev.darkroom.server.SimulatorLauncher;
import picocli.CommandLine.Command;

/** {@code simulator}: runs only the bundled AI server until a signal. */
@Command(
        name = "simulator",
        description = "Run only the bundled AI server, on DARKROOM_SIMULATOR_PORT, until SIGTERM or SIGINT.")
final class SimulatorCommand extends LongRunningCommand {
    @Override
    void start(Settings settings, ProcessLifecycle processLifecycle) throws Exception {
        SimulatorLauncher.start(settings, processLifecycle);
    }
}
