package dev.darkroom.cli;

import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import java.nio.file.Path;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;

/**
 * Creates the command line with all commands. Without a command it runs {@code serve}. Every failure is one line on standard
 * error. Exit codes: 0 for success, 1 for a negative result or a failed start, 2 for a command that could not run.
 */
public final class DarkroomCommandLine {
    private DarkroomCommandLine() {}

    @Command(
            name = "java -jar darkroom.jar",
            synopsisSubcommandLabel = "[COMMAND]",
            description = "Image-generation service. Without a command it runs serve.",
            footer = {"", "Settings come from conf/darkroom.yaml and the environment."})
    private static final class RootCommand extends ServeCommand {}

    /** Creates the command line of this process. */
    public static CommandLine create() {
        return create(DarkroomCommandLine::loadOneShotSettings);
    }

    /** @param settings supplies the settings of commands that do not run until a signal */
    static CommandLine create(Supplier<Settings> settings) {
        return new CommandLine(new RootCommand())
                .addSubcommand(new ServeCommand())
                .addSubcommand(new SimulatorCommand())
                .addSubcommand(new KeysCommand(settings))
                .addSubcommand(new UsersCommand(settings))
                .addSubcommand(new ImagesCommand(settings))
                .addSubcommand(new DoctorCommand(settings))
                .addSubcommand(new ExplainCommand(settings))
                .addSubcommand(new HelpCommand())
                // User names may begin with "@".
                .setExpandAtFiles(false)
                .setParameterExceptionHandler(ErrorLine::onInvalidArguments)
                .setExecutionExceptionHandler(ErrorLine::onFailure);
    }

    /** Logs warnings to standard error, so that standard output contains only the result of the command. */
    private static Settings loadOneShotSettings() {
        // The first logger reads these properties, so they must be set before it is created.
        System.setProperty("darkroom.log.target", "System.err");
        System.setProperty("darkroom.log.level", "WARN");
        return SettingsLoader.load(System.getenv(), Path.of("")).settings();
    }
}
