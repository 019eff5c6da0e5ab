package dev.darkroom.testing;

import dev.darkroom.auth.CallbackTokens;
import dev.darkroom.auth.UrlSigningKeys;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Creates tokens of callback URLs, signed with the keys of a service. */
public final class CallbackTokenFactory {
    private CallbackTokenFactory() {}

    /** Creates a token for a job, which need not exist. Blocks. */
    public static String create(DatabaseUrl url, UUID jobKey, Instant expiry) {
        Settings.Database settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests().database(url).environment(), Path.of("/nowhere/at/all"))
                .settings()
                .database();
        Vertx vertx = Vertx.vertx();
        try {
            Database database = Database.open(vertx, url, settings);
            UrlSigningKeys keys = new UrlSigningKeys(vertx, database, InstantSource.system(), System::nanoTime);
            String token = new CallbackTokens(keys, InstantSource.system())
                    .create(jobKey, expiry)
                    .await(60, TimeUnit.SECONDS);
            database.close().await(60, TimeUnit.SECONDS);
            return token;
        } catch (TimeoutException e) {
            throw new IllegalStateException(e);
        } finally {
            vertx.close();
        }
    }
}
