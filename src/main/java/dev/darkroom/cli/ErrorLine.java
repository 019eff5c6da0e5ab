package dev.darkroom.cli;

import dev.darkroom.config.SettingsException;
import dev.darkroom.database.DatabaseException;
import dev.darkroom.server.StartupException;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Formats every failure of a command as one line for standard error. Messages about arguments never contain the value of an
 * option, which may be a secret. They quote the first line of the description of the argument, after the word "expected".
 */
public final class ErrorLine {
    private ErrorLine() {}

    /** Returns the line for a failure. */
    public static String of(Throwable failure) {
        return format(describe(failure));
    }

    static int onInvalidArguments(ParameterException failure, String[] arguments) {
        CommandLine command = failure.getCommandLine();
        command.getErr().println(format(describeArguments(failure)));
        return command.getCommandSpec().exitCodeOnInvalidInput();
    }

    static int onFailure(Exception failure, CommandLine command, ParseResult arguments) {
        command.getErr().println(of(failure));
        return command.getCommandSpec().exitCodeOnExecutionException();
    }

    private static String format(String reason) {
        return "darkroom: " + reason.strip().replaceAll("\\s*\\R\\s*", "; ");
    }

    private static String describe(Throwable failure) {
        if (failure instanceof SettingsException
                || failure instanceof DatabaseException
                || failure instanceof StartupException) {
            return failure.getMessage();
        }
        LoggerFactory.getLogger(ErrorLine.class).debug("start failed", failure);
        return "could not start: " + failure;
    }

    private static String describeArguments(ParameterException failure) {
        CommandSpec command = failure.getCommandLine().getCommandSpec();
        if (failure instanceof UnmatchedArgumentException unmatched) {
            return describeUnmatched(command, unmatched.getUnmatched().get(0));
        }
        ArgSpec argument = failure instanceof MissingParameterException missing
                ? missing.getMissing().get(0)
                : failure.getArgSpec();
        if (argument != null && argument.arity().max() > 0 && !(failure instanceof OverwrittenOptionException)) {
            String name = argument instanceof OptionSpec option ? option.longestName() : nameOf(command);
            return name + ": expected " + argument.description()[0];
        }
        if (argument == null && !command.subcommands().isEmpty()) {
            return nameOf(command) + ": expected "
                    + String.join(", ", command.subcommands().keySet());
        }
        return failure.getMessage();
    }

    private static String describeUnmatched(CommandSpec command, String argument) {
        if (command.subcommands().isEmpty() || argument.startsWith("-")) {
            return "unknown argument \"" + argument + '"';
        }
        return "unknown command \"" + (nameOf(command) + " " + argument).strip() + "\"; known: "
                + String.join(", ", command.subcommands().keySet());
    }

    /** Returns the name below the root command, such as {@code keys create}. Empty for the root command. */
    private static String nameOf(CommandSpec command) {
        String root = command.root().name();
        return command.qualifiedName().substring(root.length()).strip();
    }
}
