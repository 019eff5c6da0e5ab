package dev.darkroom.auth;

import dev.darkroom.cache.RefreshingValue;
import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * The keys that sign URLs. They are in the database, so every process verifies the URLs of the others. Cached keys older than
 * {@link #REFRESH_AFTER} are refreshed in the background. A call waits for the refresh only if they are older than
 * {@link #EXPIRE_AFTER}. Thread-safe; nothing blocks.
 */
public final class UrlSigningKeys {
    /** Age after which the next use of the keys reloads them in the background. */
    public static final Duration REFRESH_AFTER = Duration.ofSeconds(5);

    /** Age after which cached keys are no longer used. After this time every process rejects URLs of a retired key. */
    public static final Duration EXPIRE_AFTER = Duration.ofSeconds(30);

    /** Minimum time between reloads. A URL with an unknown key ID causes one, and any client can send such a URL. */
    private static final Duration MIN_LOAD_INTERVAL = Duration.ofSeconds(1);

    private static final RefreshingValue.RefreshPolicy REFRESH_POLICY =
            new RefreshingValue.RefreshPolicy(REFRESH_AFTER, EXPIRE_AFTER, MIN_LOAD_INTERVAL, Duration.ofSeconds(10));

    private static final int SECRET_BYTES = 32;

    private final Database database;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();
    private final RefreshingValue<List<UrlSigningKey>> keys;

    public UrlSigningKeys(Vertx vertx, Database database, InstantSource clock, LongSupplier nanoClock) {
        this.database = database;
        this.clock = clock;
        this.keys = new RefreshingValue<>(vertx, this::load, REFRESH_POLICY, nanoClock);
    }

    /** Returns the newest key. Fails when the database is unavailable. */
    Future<UrlSigningKey> newest() {
        return keys.get().map(known -> known.get(0));
    }

    /** Returns the key with an id; empty when it is unknown or retired. Fails when the database is unavailable. */
    Future<Optional<UrlSigningKey>> find(String id) {
        Predicate<UrlSigningKey> hasId = each -> String.valueOf(each.id()).equals(id);
        return keys.get()
                .compose(known -> known.stream().anyMatch(hasId) ? Future.succeededFuture(known) : keys.reload())
                .map(known ->
                        known.stream().filter(hasId).filter(this::isActive).findAny());
    }

    private boolean isActive(UrlSigningKey key) {
        return key.retiresAt() == null || clock.instant().isBefore(key.retiresAt());
    }

    /** Loads the keys, the newest first, at least one. Inserts the first key if there is none. */
    private Future<List<UrlSigningKey>> load() {
        return selectKeys()
                .compose(found -> found.isEmpty()
                        ? insertFirstKey().compose(inserted -> selectKeys())
                        : Future.succeededFuture(found));
    }

    private Future<List<UrlSigningKey>> selectKeys() {
        return database.client()
                .preparedQuery(AuthSql.SELECT_URL_SIGNING_KEYS)
                .execute()
                .map(rows -> rows.stream().map(UrlSigningKeys::toKey).toList());
    }

    private Future<RowSet<Row>> insertFirstKey() {
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(secret);
        return database.client()
                .preparedQuery(AuthSql.INSERT_FIRST_URL_SIGNING_KEY)
                .execute(Tuple.of(Buffer.buffer(secret)));
    }

    private static UrlSigningKey toKey(Row row) {
        OffsetDateTime retires = row.getOffsetDateTime("retires_at");
        return new UrlSigningKey(
                row.getInteger("id"), row.getBuffer("secret").getBytes(), retires == null ? null : retires.toInstant());
    }
}
