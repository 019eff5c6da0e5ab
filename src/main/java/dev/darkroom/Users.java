package dev.darkroom;

import static dev.darkroom.Lifecycle.await;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.Hints;
import dev.darkroom.database.JoinedDatabase;
import dev.darkroom.erasure.UserErasure;
import dev.darkroom.housekeeping.ImageDirectoryStore;
import dev.darkroom.image.LocalImageStore;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.slf4j.LoggerFactory;

/** {@code users erase NAME}: deletes everything of a user, beside the service or without it. Returns the exit code. */
final class Users {
    private static final int LONGEST_NAME = 128;

    private Users() {}

    static int run(Settings settings, List<String> arguments) throws Exception {
        List<String> left = new ArrayList<>(arguments);
        if (left.isEmpty() || !left.remove(0).equals("erase")) {
            throw new StartException("users: expected erase");
        }
        String user = left.isEmpty() ? "" : left.remove(0);
        Tools.refuse(left);
        if (user.isEmpty() || user.length() > LONGEST_NAME) {
            throw new StartException("users erase: expected the name of a user, 1 to 128 characters");
        }
        try (JoinedDatabase joined = JoinedDatabase.open(settings)) {
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

    private static void erase(Vertx vertx, JoinedDatabase joined, Settings settings, String user) throws Exception {
        Database database = Database.open(vertx, joined.url(), settings.database());
        Hints hints = Hints.open(vertx, joined.url(), settings.database());
        LocalImageStore images = await(ImageDirectoryStore.identity(database)
                .compose(identity -> LocalImageStore.open(vertx, settings.imageDir(), identity)));
        UserErasure erasure = new UserErasure(vertx, database, hints, images);
        await(erasure.request(user));
        // At the level of warnings: the command line logs nothing else.
        LoggerFactory.getLogger(Users.class)
                .atWarn()
                .addKeyValue("admin", "command line")
                .addKeyValue("user", user)
                .log("audit: user erasure requested");
        try {
            erasure.complete(user).toCompletionStage().toCompletableFuture().get();
        } catch (ExecutionException e) {
            throw new StartException("users erase: not finished, running processes continue: "
                    + e.getCause().getMessage());
        }
        await(images.close());
        await(hints.close());
        await(database.close());
    }
}
