package dev.darkroom.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.Migrations;
import dev.darkroom.testing.DarkroomSettings;
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

/** Keys that are made, expire and are revoked in the database, and what a running process makes of it. */
@Tag("database")
class KeysTest {
    private static final Caller ALICE = new Caller("alice", Role.USER);
    private static final Caller ROOT = new Caller("root", Role.ADMIN);

    private static Vertx vertx;
    private static DatabaseUrl url;
    private static Database database;
    private static KeyCabinet cabinet;

    private final ApiKey key = ApiKey.mint(new SecureRandom());
    private final AtomicLong clock = new AtomicLong();
    private final KeyRing keys = new KeyRing(vertx, database, clock::get);

    @BeforeAll
    static void open() {
        vertx = Vertx.vertx();
        url = TestPostgres.migratedDatabase();
        Settings.Database settings = SettingsLoader.load(
                        DarkroomSettings.quick().database(url).environment(), Path.of("/nowhere/at/all"))
                .settings()
                .database();
        Migrations.migrate(url, settings);
        database = Database.open(vertx, url, settings);
        cabinet = KeyCabinet.open(url);
    }

    @AfterAll
    static void close() throws Exception {
        cabinet.close();
        database.close().await(60, TimeUnit.SECONDS);
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void forget() {
        TestPostgres.execute(url, "TRUNCATE api_keys");
    }

    private Optional<Caller> owner() throws Exception {
        return keys.ownerOf(key).await(60, TimeUnit.SECONDS);
    }

    private void pass(Duration time) {
        clock.addAndGet(time.toNanos());
    }

    @Test
    void aKeyIsItsOwnersFromTheMomentItIsMade() throws Exception {
        // when
        cabinet.add(key, ROOT, null);

        // then
        assertThat(owner()).contains(ROOT);
    }

    @Test
    void onlyTheHashIsStored() {
        // when
        cabinet.add(key, ALICE, null);

        // then
        String secret = key.secret().substring(key.id().length() + 1);
        assertThat(TestPostgres.query(url, "SELECT k::text FROM api_keys k"))
                .singleElement()
                .asString()
                .contains(key.id(), key.hash())
                .doesNotContain(secret);
    }

    @Test
    void aRevokedKeyIsRefusedOnceItIsLookedForAgain() throws Exception {
        // given a process that has just seen it
        cabinet.add(key, ALICE, null);
        owner();

        // when
        assertThat(cabinet.revoke(key.id())).contains("alice");

        // then
        pass(KeyRing.BELIEVED.minusMillis(1));
        assertThat(owner()).contains(ALICE);
        pass(Duration.ofMillis(1));
        assertThat(owner()).isEmpty();
    }

    @Test
    void aKeyThatWasTriedBeforeItWasMadeIsFoundALittleLater() throws Exception {
        // given
        assertThat(owner()).isEmpty();
        cabinet.add(key, ALICE, null);

        // when
        pass(KeyRing.BELIEVED);

        // then
        assertThat(owner()).contains(ALICE);
    }

    @Test
    void anExpiredKeyIsRefused() throws Exception {
        // given
        Instant expiresAt = cabinet.add(key, ALICE, Duration.ofDays(90)).orElseThrow();
        assertThat(owner()).contains(ALICE);
        assertThat(expiresAt).isAfter(Instant.now().plus(Duration.ofDays(89)));

        // when
        TestPostgres.execute(url, "UPDATE api_keys SET expires_at = now() - interval '1 ms'");
        pass(KeyRing.BELIEVED);

        // then
        assertThat(owner()).isEmpty();
    }

    @Test
    void aKeyThatIsUsedAllTheTimeCostsAStatementNowAndThen() throws Exception {
        // given
        cabinet.add(key, ALICE, null);
        owner();
        TestPostgres.execute(url, "ALTER TABLE api_keys RENAME TO api_keys_away");

        // when nobody can look
        try {
            for (int i = 0; i < 1000; i++) {
                assertThat(keys.ownerOf(key).result()).contains(ALICE);
            }
        } finally {
            TestPostgres.execute(url, "ALTER TABLE api_keys_away RENAME TO api_keys");
        }
    }

    @Test
    void aFailureToLookIsNotRemembered() throws Exception {
        // given
        cabinet.add(key, ALICE, null);
        TestPostgres.execute(url, "ALTER TABLE api_keys RENAME TO api_keys_away");
        try {
            assertThat(keys.ownerOf(key).toCompletionStage().toCompletableFuture())
                    .failsWithin(Duration.ofSeconds(10));
        } finally {
            TestPostgres.execute(url, "ALTER TABLE api_keys_away RENAME TO api_keys");
        }

        // then, without waiting for BELIEVED to pass, which it does not
        Awaitility.await()
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(owner()).contains(ALICE));
    }

    @Test
    void theListTellsWhoCouldComeInAndUntilWhen() {
        // given
        ApiKey revoked = ApiKey.mint(new SecureRandom());
        ApiKey expired = ApiKey.mint(new SecureRandom());
        cabinet.add(key, ROOT, null);
        cabinet.add(revoked, ALICE, null);
        cabinet.add(expired, ALICE, Duration.ofMillis(1));
        TestPostgres.execute(url, "UPDATE api_keys SET expires_at = now() WHERE expires_at IS NOT NULL");

        // when
        cabinet.revoke(revoked.id());
        List<KeyCabinet.Entry> list = cabinet.list();

        // then
        assertThat(list).extracting(KeyCabinet.Entry::id).containsExactly(key.id(), revoked.id(), expired.id());
        assertThat(list).extracting(KeyCabinet.Entry::valid).containsExactly(true, false, false);
        assertThat(list).extracting(KeyCabinet.Entry::role).containsExactly(Role.ADMIN, Role.USER, Role.USER);
        assertThat(list.get(1).revokedAt()).isNotNull();
    }

    @Test
    void revokingTwiceKeepsTheFirstTimeAndAnUnknownKeyIsNobodys() {
        // given
        cabinet.add(key, ALICE, null);
        cabinet.revoke(key.id());
        Instant first = cabinet.list().get(0).revokedAt();

        // when
        assertThat(cabinet.revoke(key.id())).contains("alice");

        // then
        assertThat(cabinet.list().get(0).revokedAt()).isEqualTo(first);
        assertThat(cabinet.revoke("dk_0000000000000000")).isEmpty();
    }

    @Test
    void keysThatAreShownAtOnceAndLookedUpTogetherAreToldApart() throws Exception {
        // given
        List<ApiKey> many = Stream.generate(() -> ApiKey.mint(new SecureRandom()))
                .limit(200)
                .toList();
        for (int i = 0; i < many.size(); i += 2) {
            cabinet.add(many.get(i), new Caller("user-" + i, Role.USER), null);
        }

        // when
        List<Future<Optional<Caller>>> owners = many.stream().map(keys::ownerOf).toList();

        // then every second is a key, each of its own user
        for (int i = 0; i < many.size(); i++) {
            Optional<Caller> owner = owners.get(i).await(60, TimeUnit.SECONDS);
            assertThat(owner)
                    .isEqualTo(i % 2 == 0 ? Optional.of(new Caller("user-" + i, Role.USER)) : Optional.empty());
        }
    }
}
