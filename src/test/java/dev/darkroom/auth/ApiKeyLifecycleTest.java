package dev.darkroom.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Creation, expiry and revocation of API keys in the database, and their effect on the cache of a running process. */
@Tag("database")
class ApiKeyLifecycleTest {
    private static final Principal ALICE = new Principal("alice", Role.USER);
    private static final Principal ROOT = new Principal("root", Role.ADMIN);

    private static Vertx vertx;
    private static DatabaseUrl url;
    private static Database database;
    private static ApiKeyAdmin apiKeyAdmin;

    private final ApiKey key = ApiKey.generate(new SecureRandom());
    private final AtomicLong clock = new AtomicLong();
    private final ApiKeyCache keys = new ApiKeyCache(vertx, database, clock::get);

    @BeforeAll
    static void open() {
        vertx = Vertx.vertx();
        url = TestPostgres.migratedDatabase();
        Settings.Database settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests().database(url).environment(), Path.of("/nowhere/at/all"))
                .settings()
                .database();
        DatabaseMigrator.migrate(url, settings);
        database = Database.open(vertx, url, settings);
        apiKeyAdmin = ApiKeyAdmin.open(url);
    }

    @AfterAll
    static void close() throws Exception {
        apiKeyAdmin.close();
        database.close().await(60, TimeUnit.SECONDS);
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void deleteKeys() {
        TestPostgres.execute(url, "TRUNCATE api_keys");
    }

    private Optional<Principal> owner() throws Exception {
        return keys.findOwner(key).await(60, TimeUnit.SECONDS);
    }

    private void advanceClock(Duration time) {
        clock.addAndGet(time.toNanos());
    }

    @Test
    void findsOwnerOfNewKey() throws Exception {
        // when
        apiKeyAdmin.create(key, ROOT, null);

        // then
        assertThat(owner()).contains(ROOT);
    }

    @Test
    void storesOnlyHashOfKey() {
        // when
        apiKeyAdmin.create(key, ALICE, null);

        // then
        String secret = key.secret().substring(key.id().length() + 1);
        assertThat(TestPostgres.query(url, "SELECT k::text FROM api_keys k"))
                .singleElement()
                .asString()
                .contains(key.id(), key.hash())
                .doesNotContain(secret);
    }

    @Test
    void rejectsRevokedKeyAfterCacheTtl() throws Exception {
        // given a cached owner
        apiKeyAdmin.create(key, ALICE, null);
        owner();

        // when
        assertThat(apiKeyAdmin.revoke(key.id())).contains("alice");

        // then
        advanceClock(ApiKeyCache.CACHE_TTL.minusMillis(1));
        assertThat(owner()).contains(ALICE);
        advanceClock(Duration.ofMillis(1));
        assertThat(owner()).isEmpty();
    }

    @Test
    void findsKeyCreatedAfterFailedLookupAfterCacheTtl() throws Exception {
        // given
        assertThat(owner()).isEmpty();
        apiKeyAdmin.create(key, ALICE, null);

        // when
        advanceClock(ApiKeyCache.CACHE_TTL);

        // then
        assertThat(owner()).contains(ALICE);
    }

    @Test
    void rejectsExpiredKey() throws Exception {
        // given
        Instant expiresAt = apiKeyAdmin.create(key, ALICE, Duration.ofDays(90)).orElseThrow();
        assertThat(owner()).contains(ALICE);
        assertThat(expiresAt).isAfter(Instant.now().plus(Duration.ofDays(89)));

        // when
        TestPostgres.execute(url, "UPDATE api_keys SET expires_at = now() - interval '1 ms'");
        advanceClock(ApiKeyCache.CACHE_TTL);

        // then
        assertThat(owner()).isEmpty();
    }

    @Test
    void servesCachedOwnerWithoutStatement() throws Exception {
        // given
        apiKeyAdmin.create(key, ALICE, null);
        owner();
        TestPostgres.execute(url, "ALTER TABLE api_keys RENAME TO api_keys_away");

        // when a lookup would fail
        try {
            for (int i = 0; i < 1000; i++) {
                assertThat(keys.findOwner(key).result()).contains(ALICE);
            }
        } finally {
            TestPostgres.execute(url, "ALTER TABLE api_keys_away RENAME TO api_keys");
        }
    }

    @Test
    void doesNotCacheFailedLookup() throws Exception {
        // given
        apiKeyAdmin.create(key, ALICE, null);
        TestPostgres.execute(url, "ALTER TABLE api_keys RENAME TO api_keys_away");
        try {
            assertThat(keys.findOwner(key).toCompletionStage().toCompletableFuture())
                    .failsWithin(Duration.ofSeconds(10));
        } finally {
            TestPostgres.execute(url, "ALTER TABLE api_keys_away RENAME TO api_keys");
        }

        // then the next lookup succeeds although the clock has not advanced by CACHE_TTL
        Awaitility.await()
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(owner()).contains(ALICE));
    }

    @Test
    void listsValidRevokedAndExpiredKeys() {
        // given
        ApiKey revoked = ApiKey.generate(new SecureRandom());
        ApiKey expired = ApiKey.generate(new SecureRandom());
        apiKeyAdmin.create(key, ROOT, null);
        apiKeyAdmin.create(revoked, ALICE, null);
        apiKeyAdmin.create(expired, ALICE, Duration.ofMillis(1));
        TestPostgres.execute(url, "UPDATE api_keys SET expires_at = now() WHERE expires_at IS NOT NULL");

        // when
        apiKeyAdmin.revoke(revoked.id());
        List<ApiKeyAdmin.StoredKey> list = apiKeyAdmin.list();

        // then
        assertThat(list).extracting(ApiKeyAdmin.StoredKey::id).containsExactly(key.id(), revoked.id(), expired.id());
        assertThat(list).extracting(ApiKeyAdmin.StoredKey::valid).containsExactly(true, false, false);
        assertThat(list).extracting(ApiKeyAdmin.StoredKey::role).containsExactly(Role.ADMIN, Role.USER, Role.USER);
        assertThat(list.get(1).revokedAt()).isNotNull();
    }

    @Test
    void keepsFirstRevocationTimeAndIgnoresUnknownKey() {
        // given
        apiKeyAdmin.create(key, ALICE, null);
        apiKeyAdmin.revoke(key.id());
        Instant first = apiKeyAdmin.list().get(0).revokedAt();

        // when
        assertThat(apiKeyAdmin.revoke(key.id())).contains("alice");

        // then
        assertThat(apiKeyAdmin.list().get(0).revokedAt()).isEqualTo(first);
        assertThat(apiKeyAdmin.revoke("dk_0000000000000000")).isEmpty();
    }

    @Test
    void findsOwnersOfConcurrentlyPresentedKeys() throws Exception {
        // given
        List<ApiKey> many = Stream.generate(() -> ApiKey.generate(new SecureRandom()))
                .limit(200)
                .toList();
        for (int i = 0; i < many.size(); i += 2) {
            apiKeyAdmin.create(many.get(i), new Principal("user-" + i, Role.USER), null);
        }

        // when
        List<Future<Optional<Principal>>> owners =
                many.stream().map(keys::findOwner).toList();

        // then every second key exists and has its own user
        for (int i = 0; i < many.size(); i++) {
            Optional<Principal> owner = owners.get(i).await(60, TimeUnit.SECONDS);
            assertThat(owner)
                    .isEqualTo(i % 2 == 0 ? Optional.of(new Principal("user-" + i, Role.USER)) : Optional.empty());
        }
    }
}
