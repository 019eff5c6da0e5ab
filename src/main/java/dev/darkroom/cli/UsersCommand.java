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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.slf4j.LoggerFactory;

/** {@code users erase NAME}: deletes everything of a user, beside the service or without it. Returns the exit code. */
public final class UsersCommand {
    private static final int MAX_NAME_LENGTH = 128;

    private UsersCommand() {}

    public static int run(Settings settings, List<String> arguments) throws Exception {
        List<String> left = new ArrayList<>(arguments);
        if (left.isEmpty() || !left.remove(0).equals("erase")) {
            throw new StartupException("users: expected erase");
        }
        String user = left.isEmpty() ? "" : left.remove(0);
        DoctorCommand.rejectUnexpected(left);
        if (user.isEmpty() || user.length() > MAX_NAME_LENGTH) {
            throw new StartupException("users erase: expected the name of a user, 1 to 128 characters");
        }
        try (AttachedDatabase joined = AttachedDatabase.open(settings)) {
            Vertx vertx = Vertx.vertx();
            try {
                erase(vertx, joined, settings, user);
            } finally {
                await(vertx.close());
            }
        }
        System.out.println("Erased " + user + ".");
        return 0;
    }

    private static void erase(Vertx vertx, AttachedDatabase joined, Settings settings, String user) throws Exception {
        Database database = Database.open(vertx, joined.url(), settings.database());
        NotifyChannel notifyChannel = NotifyChannel.open(vertx, joined.url(), settings.database());
        LocalImageStore images = await(InstallationStore.readIdentity(database)
                .compose(identity -> LocalImageStore.open(vertx, settings.imageDir(), identity)));
        UserErasureService erasure = new UserErasureService(vertx, database, notifyChannel, images);
        await(erasure.request(user));
        // At the level of warnings: the command line logs nothing else.
        LoggerFactory.getLogger(UsersCommand.class)
                .atWarn()
                .addKeyValue("admin", "command line")
                .addKeyValue("user", user)
                .log("audit: user erasure requested");
        try {
            erasure.complete(user).toCompletionStage().toCompletableFuture().get();
        } catch (ExecutionException e) {
            throw new StartupException("users erase: not finished, running processes continue: "
                    + e.getCause().getMessage());
        }
        await(images.close());
        await(notifyChannel.close());
        await(database.close());
    }
}
