package dev.darkroom.cli;

import static picocli.CommandLine.ScopeType.INHERIT;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.database.embedded.AttachedDatabase;
import java.util.function.Supplier;
import picocli.CommandLine.Command;

/** Base of the commands that work on the database, with or without a running server. Exit code 2 when the command cannot run. */
@Command(
        scope = INHERIT,
        mixinStandardHelpOptions = true,
        versionProvider = VersionProvider.class,
        exitCodeOnExecutionException = 2)
abstract class DatabaseCommand {
    private final Supplier<Settings> settings;

    DatabaseCommand(Supplier<Settings> settings) {
        this.settings = settings;
    }

    /** Work of a command. */
    @FunctionalInterface
    interface Action {
        /** Returns the exit code. */
        int run(DatabaseUrl url, Settings settings) throws Exception;
    }

    /** Loads the settings, opens the database and returns the exit code of {@code action}. */
    final int withDatabase(Action action) throws Exception {
        Settings loaded = settings.get();
        try (AttachedDatabase database = AttachedDatabase.open(loaded)) {
            return action.run(database.url(), loaded);
        }
    }
}
