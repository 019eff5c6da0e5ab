package dev.darkroom.cli;

import dev.darkroom.config.Settings;
import dev.darkroom.server.ProcessLifecycle;
import dev.darkroom.server.Server;
import picocli.CommandLine.Command;

/** {@code serve}: runs the server until a signal. */
@Command(name = "serve", description = "Run the server until SIGTERM or SIGINT (the default).")
class ServeCommand extends LongRunningCommand {
    @Override
    void start(Settings settings, ProcessLifecycle processLifecycle) throws Exception {
        Server.start(settings, processLifecycle);
    }
}
