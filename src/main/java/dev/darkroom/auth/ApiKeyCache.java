package dev.darkroom.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.cache.RefreshingValue;
import dev.darkroom.database.Database;
import dev.darkroom.database.StatementBatcher;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Whose a key is. What the database said is believed for {@link #CACHE_TTL}: so long may a key that was revoked still open the door,
 * and so long may one be refused that was tried before it was made. Thread-safe; nothing blocks.
 */
public final class ApiKeyCache {
    /** Short enough for whoever revokes a key to wait for, long enough that a busy caller costs hardly a statement. */
    public static final Duration CACHE_TTL = Duration.ofSeconds(3);

    private static final int MAX_ENTRIES = 10_000;

    /** An older owner is not returned while a load is under way: the key may have been revoked. */
    private static final RefreshingValue.RefreshPolicy REFRESH_POLICY =
            new RefreshingValue.RefreshPolicy(CACHE_TTL, CACHE_TTL, Duration.ZERO, Duration.ofSeconds(10));

    /** When everybody comes back at once, as after the death of a node, their keys are looked up together. */
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
                // On the thread that stores: there is little to do, and no pool of others is to do it.
                .executor(Runnable::run)
                .build();
    }

    /**
     * Completes on the caller's context, at once if it is known, with whose key it is; empty when it is nobody's, or not any
     * more. Fails when the database cannot be asked.
     */
    public Future<Optional<Principal>> findOwner(ApiKey key) {
        String hash = key.hash();
        // Makes the value alone: what is loaded is loaded outside of the cache.
        return ownerCache
                .get(hash, one -> new RefreshingValue<>(vertx, () -> lookups.add(one), REFRESH_POLICY, nanoClock))
                .get();
    }

    /** Of these hashes those whose keys still open the door. Asks the database, whatever is believed. */
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
                .map(rows -> {
                    Map<String, Principal> owners = new HashMap<>();
                    for (Row row : rows) {
                        owners.put(
                                row.getString("hash"),
                                new Principal(row.getString("user_id"), Role.of(row.getString("role"))));
                    }
                    return owners;
                });
    }
}
