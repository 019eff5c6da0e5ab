package dev.darkroom.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.cache.RefreshingValue;
import dev.darkroom.database.Database;
import dev.darkroom.database.StatementBatcher;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * Looks up the owner of an API key and caches the result, found or not, for {@link #CACHE_TTL}. A revoked key is accepted for at most
 * that long. A key that was presented before it was created is rejected for at most that long. Thread-safe; nothing blocks.
 */
public final class ApiKeyCache {
    /** Time that an owner is cached. Short enough to wait for after a revocation; a busy client costs one statement per interval. */
    public static final Duration CACHE_TTL = Duration.ofSeconds(3);

    private static final int MAX_ENTRIES = 10_000;

    /** An expired entry is not returned while it is loaded again: the key may have been revoked. */
    private static final RefreshingValue.RefreshPolicy REFRESH_POLICY =
            new RefreshingValue.RefreshPolicy(CACHE_TTL, CACHE_TTL, Duration.ZERO, Duration.ofSeconds(10));

    /** Batches lookups: many clients reconnect at once, for example after a node failed. */
    private static final StatementBatcher.Limits BATCH_LIMITS =
            new StatementBatcher.Limits(500, 2, Duration.ofSeconds(3));

    private final Vertx vertx;
    private final Database database;
    private final LongSupplier nanoClock;
    private final Cache<String, RefreshingValue<Optional<Principal>>> ownerCache;
    private final StatementBatcher<String, Optional<Principal>> lookups =
            new StatementBatcher<>(BATCH_LIMITS, this::loadOwners, error -> false, System::nanoTime);

    public ApiKeyCache(Vertx vertx, Database database, Ticker clock) {
        this.vertx = vertx;
        this.database = database;
        this.nanoClock = clock::read;
        this.ownerCache = Caffeine.newBuilder()
                .expireAfterAccess(CACHE_TTL)
                .maximumSize(MAX_ENTRIES)
                .ticker(clock)
                // Runs maintenance on the calling thread: it is short and needs no thread pool.
                .executor(Runnable::run)
                .build();
    }

    /**
     * Returns the owner of a key; empty when the key is unknown, expired or revoked. Completes on the caller's context, immediately if
     * the owner is cached. Fails when the database is unavailable.
     */
    public Future<Optional<Principal>> findOwner(ApiKey key) {
        String hash = key.hash();
        // Creates only the holder under the lock of the cache. The lookup runs outside of it.
        return ownerCache
                .get(hash, each -> new RefreshingValue<>(vertx, () -> lookups.add(each), REFRESH_POLICY, nanoClock))
                .get();
    }

    /** Returns the hashes of valid keys among {@code hashes}. Reads the database and bypasses the cache. */
    Future<Set<String>> findValid(Collection<String> hashes) {
        return selectOwners(hashes).map(Map::keySet);
    }

    private Future<List<Optional<Principal>>> loadOwners(List<String> hashes) {
        return selectOwners(hashes)
                .map(owners -> hashes.stream()
                        .map(hash -> Optional.ofNullable(owners.get(hash)))
                        .toList());
    }

    private Future<Map<String, Principal>> selectOwners(Collection<String> hashes) {
        return database.client()
                .preparedQuery(AuthSql.SELECT_VALID_API_KEYS)
                .execute(Tuple.tuple().addArrayOfString(hashes.toArray(String[]::new)))
                .map(rows -> rows.stream()
                        .collect(Collectors.toMap(
                                row -> row.getString("hash"),
                                row -> new Principal(row.getString("user_id"), Role.of(row.getString("role"))))));
    }
}
