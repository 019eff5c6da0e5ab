package dev.darkroom.cli;

import static dev.darkroom.server.ProcessLifecycle.await;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.database.embedded.AttachedDatabase;
import dev.darkroom.image.local.LocalImageStore;
import dev.darkroom.maintenance.InstallationStore;
import dev.darkroom.maintenance.UserErasureService;
import dev.darkroom.server.StartupException;
import io.vertx.core.Vertx;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** {@code users erase}: deletes all data of a user, with or without a running server. */
@Command(
        name = "users",
        description = "Manage users, with or without a running server.",
        mixinStandardHelpOptions = true,
        versionProvider = VersionProvider.class)
final class UsersCommand {
    private final Supplier<Settings> settings;

    UsersCommand(Supplier<Settings> settings) {
        this.settings = settings;
    }

    @Command(
            name = "erase",
            description = "Delete all data of a user, including images.",
            mixinStandardHelpOptions = true,
            versionProvider = VersionProvider.class,
            exitCodeOnExecutionException = 2)
    int erase(
            @Parameters(
                            paramLabel = "NAME",
                            converter = NameConverter.class,
                            description = "the name of a user, 1 to 128 characters")
                    String user)
            throws Exception {
        Settings loaded = settings.get();
        try (AttachedDatabase attachedDatabase = AttachedDatabase.open(loaded)) {
            Vertx vertx = Vertx.vertx();
            try {
                erase(vertx, attachedDatabase, loaded, user);
            } finally {
                await(vertx.close());
            }
        }
        System.out.println("Erased " + user + ".");
        return 0;
    }

    private static void erase(Vertx vertx, AttachedDatabase attachedDatabase, Settings settings, String user)
            throws Exception {
        Database database = Database.open(vertx, attachedDatabase.url(), settings.database());
        NotifyChannel notifyChannel = NotifyChannel.open(vertx, attachedDatabase.url(), settings.database());
        LocalImageStore images = await(InstallationStore.readIdentity(database)
                .compose(identity -> LocalImageStore.open(vertx, settings.imageDir(), identity)));
        UserErasureService erasure = new UserErasureService(vertx, database, notifyChannel, images);
        await(erasure.request(user));
        // WARN, because commands log nothing below that level.
        LoggerFactory.getLogger(UsersCommand.class)
                .atWarn()
                .addKeyValue("admin", "command line")
                .addKeyValue("user", user)
                .log("audit: user erasure requested");
        try {
            erasure.complete(user).toCompletionStage().toCompletableFuture().get();
        } catch (ExecutionException e) {
            throw new StartupException("users erase: not finished, running servers continue the erasure: "
                    + e.getCause().getMessage());
        }
        await(images.close());
        await(notifyChannel.close());
        await(database.close());
    }

    static final class NameConverter implements ITypeConverter<String> {
        private static final int MAX_LENGTH = 128;

        @Override
        public String convert(String text) {
            if (text.isEmpty() || text.length() > MAX_LENGTH) {
                throw new TypeConversionException("not the name of a user");
            }
            return text;
        }
    }
}
