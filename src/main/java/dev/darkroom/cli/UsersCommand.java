package dev.darkroom.cli;

import static dev.darkroom.server.ProcessLifecycle.await;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.maintenance.InstallationStore;
import dev.darkroom.maintenance.UserErasureService;
import dev.darkroom.server.ImageStoreFactory;
import dev.darkroom.server.StartupException;
import io.vertx.core.Vertx;
import java.util.function.Supplier;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** {@code users erase}: deletes all data of a user, with or without a running server. */
@Command(name = "users", description = "Manage users, with or without a running server.")
final class UsersCommand extends DatabaseCommand {
    UsersCommand(Supplier<Settings> settings) {
        super(settings);
    }

    @Command(name = "erase", description = "Delete all data of a user, including images.")
    int erase(
            @Parameters(
                            paramLabel = "NAME",
                            converter = NameConverter.class,
                            description = "the name of a user, 1 to 128 characters")
                    String user)
            throws Exception {
        int exitCode = withDatabase((url, settings) -> {
            Vertx vertx = Vertx.vertx();
            try {
                erase(vertx, url, settings, user);
                return 0;
            } finally {
                await(vertx.close());
            }
        });
        System.out.println("Erased " + user + ".");
        return exitCode;
    }

    private static void erase(Vertx vertx, DatabaseUrl url, Settings settings, String user) throws Exception {
        Database database = Database.open(vertx, url, settings.database());
        NotifyChannel notifyChannel = NotifyChannel.open(vertx, url, settings.database());
        ImageStore images = await(InstallationStore.readIdentity(database)
                .compose(identity -> ImageStoreFactory.open(vertx, settings, identity)));
        UserErasureService erasure = new UserErasureService(vertx, database, notifyChannel, images);
        await(erasure.request(user));
        // WARN, because commands log nothing below that level.
        LoggerFactory.getLogger(UsersCommand.class)
                .atWarn()
                .addKeyValue("admin", "command line")
                .addKeyValue("user", user)
                .log("audit: user erasure requested");
        try {
            erasure.complete(user).await();
        } catch (Throwable e) {
            throw new StartupException(
                    "users erase: not finished, running servers continue the erasure: " + e.getMessage());
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
