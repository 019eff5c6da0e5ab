package dev.darkroom;

import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsException;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.DatabaseException;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.LoggerFactory;

/** The command line: {@code java -jar darkroom.jar [serve|simulator|keys|users|doctor|explain]}. */
public final class Darkroom {
    private static final String USAGE = """
            Usage: java -jar darkroom.jar [command]

              serve      run the service (the default)
              simulator  run only the bundled AI server, on DARKROOM_SIMULATOR_PORT
              keys       who may call: keys create --user NAME [--role admin] [--expires 90d], keys list, keys revoke ID,
                         keys rotate-links [--now]
              users      delete everything of a user, beside the service or without it: users erase NAME
              doctor     look for what is wrong, beside the service or without it, and change nothing
                         [--deep: read the pictures too] [--json] [--timeout SECONDS, of a statement]
              explain    tell the story of one generation: explain [--prompt] ID
              help       show this

            Settings come from conf/darkroom.yaml and the environment.""";

    private Darkroom() {}

    public static void main(String[] args) {
        System.setProperty("java.awt.headless", "true");
        String command = args.length == 0 ? "serve" : args[0];
        switch (command) {
            case "serve" -> run(Service::start);
            case "simulator" -> run(SimulatorService::start);
            case "keys" -> look(Keys::run, args);
            case "users" -> look(Users::run, args);
            case "doctor" -> look(Tools::doctor, args);
            case "explain" -> look(Tools::explain, args);
            case "help", "-h", "--help" -> System.out.println(USAGE);
            default -> {
                complain("unknown command \"" + command
                        + "\"; known: serve, simulator, keys, users, doctor, explain, help");
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

    /** Something that looks and ends: 0 when all is well, 1 when something is not. */
    private interface Look {
        int look(Settings settings, List<String> arguments) throws Exception;
    }

    /** Exits with 2 when it could not look. Standard output is for what was seen alone. */
    private static void look(Look look, String[] args) {
        System.setProperty("darkroom.log.target", "System.err");
        System.setProperty("darkroom.log.level", "WARN");
        int exitCode;
        try {
            Settings settings =
                    SettingsLoader.load(System.getenv(), Path.of("")).settings();
            exitCode = look.look(settings, List.of(args).subList(1, args.length));
        } catch (Exception e) {
            complain(reason(e));
            exitCode = 2;
        }
        System.exit(exitCode);
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
        System.err.println(line(reason));
    }

    /** The line on standard error for a start that failed. */
    static String complaint(Throwable failure) {
        return line(reason(failure));
    }

    private static String line(String reason) {
        return "darkroom: " + reason.strip().replaceAll("\\s*\\R\\s*", "; ");
    }
}
