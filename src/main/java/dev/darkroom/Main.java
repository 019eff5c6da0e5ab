package dev.darkroom;

import dev.darkroom.cli.DoctorCommand;
import dev.darkroom.cli.KeysCommand;
import dev.darkroom.cli.UsersCommand;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsException;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.DatabaseException;
import dev.darkroom.server.ProcessLifecycle;
import dev.darkroom.server.Server;
import dev.darkroom.server.SimulatorLauncher;
import dev.darkroom.server.StartupException;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.LoggerFactory;

/** The command line: {@code java -jar darkroom.jar [serve|simulator|keys|users|doctor|explain]}. */
public final class Main {
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

    private Main() {}

    public static void main(String[] args) {
        System.setProperty("java.awt.headless", "true");
        String command = args.length == 0 ? "serve" : args[0];
        switch (command) {
            case "serve" -> runUntilSignal(Server::start);
            case "simulator" -> runUntilSignal(SimulatorLauncher::start);
            case "keys" -> runOnce(KeysCommand::run, args);
            case "users" -> runOnce(UsersCommand::run, args);
            case "doctor" -> runOnce(DoctorCommand::doctor, args);
            case "explain" -> runOnce(DoctorCommand::explain, args);
            case "help", "-h", "--help" -> System.out.println(USAGE);
            default -> {
                printError("unknown command \"" + command
                        + "\"; known: serve, simulator, keys, users, doctor, explain, help");
                System.exit(1);
            }
        }
    }

    /** Starts something that runs until the process is told to stop. */
    private interface LongRunningCommand {
        void start(Settings settings, ProcessLifecycle processLifecycle) throws Exception;
    }

    private static void runUntilSignal(LongRunningCommand longRunningCommand) {
        SettingsLoader.LoadedSettings loadedSettings;
        try {
            loadedSettings = SettingsLoader.load(System.getenv(), Path.of(""));
        } catch (RuntimeException e) {
            printError(describeFailure(e));
            System.exit(1);
            return;
        }
        // Before the first logger is made: its configuration, logback.xml, reads this.
        System.setProperty(
                "darkroom.log.format", loadedSettings.settings().log().format());
        ProcessLifecycle processLifecycle = new ProcessLifecycle();
        boolean well = true;
        try {
            loadedSettings
                    .warnings()
                    .forEach(warning -> LoggerFactory.getLogger(Main.class).warn(warning));
            processLifecycle.installSignalHandler();
            longRunningCommand.start(loadedSettings.settings(), processLifecycle);
            processLifecycle.awaitSignal();
        } catch (Throwable e) {
            well = processLifecycle.isStopRequested();
            if (!well) {
                printError(describeFailure(e));
            }
        }
        well &= processLifecycle.stop();
        Runtime.getRuntime().halt(well ? 0 : 1);
    }

    /** Something that looks and ends: 0 when all is well, 1 when something is not. */
    private interface OneShotCommand {
        int execute(Settings settings, List<String> arguments) throws Exception;
    }

    /** Exits with 2 when it could not look. Standard output is for what was seen alone. */
    private static void runOnce(OneShotCommand oneShotCommand, String[] args) {
        System.setProperty("darkroom.log.target", "System.err");
        System.setProperty("darkroom.log.level", "WARN");
        int exitCode;
        try {
            Settings settings =
                    SettingsLoader.load(System.getenv(), Path.of("")).settings();
            exitCode = oneShotCommand.execute(settings, List.of(args).subList(1, args.length));
        } catch (Exception e) {
            printError(describeFailure(e));
            exitCode = 2;
        }
        System.exit(exitCode);
    }

    private static String describeFailure(Throwable failure) {
        if (failure instanceof SettingsException
                || failure instanceof DatabaseException
                || failure instanceof StartupException) {
            return failure.getMessage();
        }
        LoggerFactory.getLogger(Main.class).debug("could not start", failure);
        return "could not start: " + failure;
    }

    private static void printError(String reason) {
        System.err.println(toErrorLine(reason));
    }

    /** The line on standard error for a start that failed. */
    public static String errorLine(Throwable failure) {
        return toErrorLine(describeFailure(failure));
    }

    private static String toErrorLine(String reason) {
        return "darkroom: " + reason.strip().replaceAll("\\s*\\R\\s*", "; ");
    }
}
