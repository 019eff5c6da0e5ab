package dev.darkroom;

import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsException;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.DatabaseException;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;

/** The command line: {@code java -jar darkroom.jar [serve|simulator]}. */
public final class Darkroom {
    private static final String USAGE = """
            Usage: java -jar darkroom.jar [command]

              serve      run the service (the default)
              simulator  run only the bundled AI server, on DARKROOM_SIMULATOR_PORT
              help       show this

            Settings come from conf/darkroom.yaml and the environment.""";

    private Darkroom() {}

    public static void main(String[] args) {
        System.setProperty("java.awt.headless", "true");
        String command = args.length == 0 ? "serve" : args[0];
        switch (command) {
            case "serve" -> run(Service::start);
            case "simulator" -> run(SimulatorService::start);
            case "help", "-h", "--help" -> System.out.println(USAGE);
            default -> {
                complain("unknown command \"" + command + "\"; known: serve, simulator, help");
                System.exit(1);
            }
        }
    }

    /** Starts something that runs until the process is told to stop. */
    private interface Start {
        void start(Settings settings, Lifecycle lifecycle) throws Exception;
    }

    private static void run(Start start) {
        SettingsLoader.Loaded loaded;
        try {
            loaded = SettingsLoader.load(System.getenv(), Path.of(""));
        } catch (RuntimeException e) {
            complain(reason(e));
            System.exit(1);
            return;
        }
        // Before the first logger is made: its configuration, logback.xml, reads this.
        System.setProperty("darkroom.log.format", loaded.settings().log().format());
        Lifecycle lifecycle = new Lifecycle();
        boolean well = true;
        try {
            loaded.warnings()
                    .forEach(warning -> LoggerFactory.getLogger(Darkroom.class).warn(warning));
            lifecycle.wakeOnSignal();
            start.start(loaded.settings(), lifecycle);
            lifecycle.awaitSignal();
        } catch (Throwable e) {
            well = lifecycle.signalled();
            if (!well) {
                complain(reason(e));
            }
        }
        well &= lifecycle.stop();
        Runtime.getRuntime().halt(well ? 0 : 1);
    }

    private static String reason(Throwable failure) {
        if (failure instanceof SettingsException
                || failure instanceof DatabaseException
                || failure instanceof StartException) {
            return failure.getMessage();
        }
        LoggerFactory.getLogger(Darkroom.class).debug("could not start", failure);
        return "could not start: " + failure;
    }

    private static void complain(String reason) {
        System.err.println("darkroom: " + reason.strip().replaceAll("\\s*\\R\\s*", "; "));
    }
}
