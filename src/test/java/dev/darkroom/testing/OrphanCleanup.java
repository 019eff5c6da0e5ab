package dev.darkroom.testing;

import static org.awaitility.Awaitility.await;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.maintenance.InstallationStore;
import dev.darkroom.maintenance.RetentionTask;
import dev.darkroom.server.ImageStoreFactory;
import dev.darkroom.task.PeriodicTaskVerticle;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.core.ThrowingRunnable;

/** Runs retention with a shorter age of orphaned files than the settings accept. */
public final class OrphanCleanup {
    private static final Duration ORPHAN_AGE = Duration.ofSeconds(1);
    private static final Duration INTERVAL = Duration.ofMillis(100);

    private OrphanCleanup() {}

    /**
     * Deletes orphaned images until an assertion holds. All processes of the database must be stopped.
     *
     * @param imageStore settings of the image store
     */
    public static void runUntilAsserted(
            DatabaseUrl database, Map<String, String> imageStore, ThrowingRunnable assertion) {
        Vertx vertx = Vertx.vertx();
        Settings loaded =
                SettingsLoader.load(imageStore, Path.of("/nowhere/at/all")).settings();
        Database pool = Database.open(vertx, database, loaded.database());
        ImageStore store = get(
                InstallationStore.readIdentity(pool).compose(owner -> ImageStoreFactory.open(vertx, loaded, owner)));
        RetentionTask retention = new RetentionTask(
                vertx, pool, store, new Settings.Retention(null, null, ORPHAN_AGE, INTERVAL), Duration.ofDays(30));
        get(vertx.deployVerticle(new PeriodicTaskVerticle(List.of(retention.task()))));
        try {
            // An image may be deleted between a list and its read.
            await("no orphaned image")
                    .atMost(Duration.ofSeconds(120))
                    .ignoreExceptions()
                    .untilAsserted(assertion);
        } finally {
            get(store.close());
            get(vertx.close());
        }
    }

    private static <T> T get(Future<T> future) {
        return future.toCompletionStage().toCompletableFuture().join();
    }
}
