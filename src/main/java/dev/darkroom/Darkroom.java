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
            default -> fail("unknown command \"" + command + "\"; known: serve, simulator, help");
        }
    }

    /** Starts something that runs until the process is told to stop. */
    private interface Start {
        void start(Settings settings, Lifecycle lifecycle) throws Exception;
    }

    private static void run(Start start) {
        Lifecycle lifecycle = new Lifecycle();
        try {
            SettingsLoader.Loaded loaded = SettingsLoader.load(System.getenv(), Path.of(""));
            loaded.warnings()
                    .forEach(warning -> LoggerFactory.getLogger(Darkroom.class).warn(warning));
            lifecycle.stopOnSignal();
            start.start(loaded.settings(), lifecycle);
        } catch (SettingsException | DatabaseException | StartException expected) {
            lifecycle.stop();
            fail(expected.getMessage());
        } catch (Exception unexpected) {
            LoggerFactory.getLogger(Darkroom.class).debug("could not start", unexpected);
            lifecycle.stop();
            fail("could not start: " + unexpected);
        }
    }

    private static void fail(String reason) {
        System.err.println("darkroom: " + reason);
        System.exit(1);
    }
}
