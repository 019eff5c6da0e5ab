package dev.darkroom.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Recovery of cached values after a full connection pool. A pool with a full wait queue fails statements before {@code execute}
 * returns. Covers URL signing keys and API keys; {@code JwksCacheTest} covers the keys of an issuer.
 */
@Tag("database")
class FullConnectionPoolTest {
    private static Vertx vertx;
    private static TcpProxy proxy;
    private static DatabaseUrl url;
    private static Database database;

    @BeforeAll
    static void open() {
        vertx = Vertx.vertx();
        url = TestPostgres.newDatabase();
        proxy = new TcpProxy(url.host(), url.port());
        DatabaseUrl proxiedUrl = new DatabaseUrl(url.host(), proxy.port(), url.database(), url.user(), url.password());
        Settings.Database settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests()
                                .defaultDatabaseConnectTimeout()
                                .database(proxiedUrl)
                                .with("DARKROOM_DATABASE_MAX_WAIT_QUEUE_SIZE", "1")
                                .environment(),
                        Path.of("/nowhere/at/all"))
                .settings()
                .database();
        DatabaseMigrator.migrate(url, settings);
        database = Database.open(vertx, proxiedUrl, settings);
    }

    @AfterAll
    static void close() throws Exception {
        database.close().await(60, TimeUnit.SECONDS);
        vertx.close().await(60, TimeUnit.SECONDS);
        proxy.close();
    }

    @Test
    void signsUrlsAgainAfterPoolRecovers() {
        failsAtOnceAndRecovers(() -> {
            ImageUrlSigner signer = new ImageUrlSigner(
                    new UrlSigningKeys(vertx, database, InstantSource.system(), System::nanoTime),
                    Duration.ofHours(1),
                    InstantSource.system());
            return signer::currentSigner;
        });
    }

    @Test
    void findsApiKeyOwnerAfterPoolRecovers() {
        ApiKey key = ApiKey.generate(new SecureRandom());
        try (ApiKeyAdmin apiKeyAdmin = ApiKeyAdmin.open(url)) {
            apiKeyAdmin.create(key, new Principal("alice", Role.USER), null);
        }

        failsAtOnceAndRecovers(() -> {
            ApiKeyCache keys = new ApiKeyCache(vertx, database, System::nanoTime);
            return () -> keys.findOwner(key).map(Optional::orElseThrow);
        });
    }

    /**
     * Loads a value while the pool is full, and again afterwards. Another thread may use the pool at the same moment, and the failure
     * then comes later. Such an attempt is inconclusive and is repeated with a new value.
     *
     * @param values creates a value that was never loaded
     */
    private static void failsAtOnceAndRecovers(Supplier<Supplier<Future<?>>> values) {
        boolean failedAtOnce;
        int attempts = 0;
        do {
            Supplier<Future<?>> value = values.get();
            proxy.closeConnections();
            proxy.blackhole();
            try {
                failedAtOnce = onEventLoop(() -> failsOnceThePoolIsFull(value));
            } finally {
                proxy.resumeForwarding();
            }
            Awaitility.await("the value")
                    .atMost(Duration.ofSeconds(60))
                    .ignoreExceptions()
                    .until(() -> value.get().await(60, TimeUnit.SECONDS) != null);
        } while (!failedAtOnce && ++attempts < 20);
        assertThat(failedAtOnce).isTrue();
    }

    private static boolean failsOnceThePoolIsFull(Supplier<Future<?>> load) {
        for (int i = 0; i < 100_000; i++) {
            if (database.client().query("SELECT 1").execute().failed()) {
                return load.get().failed();
            }
        }
        return false;
    }

    private static boolean onEventLoop(BooleanSupplier action) {
        CompletableFuture<Boolean> result = new CompletableFuture<>();
        vertx.runOnContext(start -> {
            try {
                result.complete(action.getAsBoolean());
            } catch (RuntimeException e) {
                result.completeExceptionally(e);
            }
        });
        return result.join();
    }
}
