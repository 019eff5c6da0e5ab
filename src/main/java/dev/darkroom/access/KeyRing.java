package dev.darkroom.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.database.Batch;
import dev.darkroom.database.Database;
import dev.darkroom.refresh.RefreshingValue;
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
 * Whose a key is. What the database said is believed for {@link #BELIEVED}: so long may a key that was revoked still open the door,
 * and so long may one be refused that was tried before it was made. Thread-safe; nothing blocks.
 */
public final class KeyRing {
    /** Short enough for whoever revokes a key to wait for, long enough that a busy caller costs hardly a statement. */
    public static final Duration BELIEVED = Duration.ofSeconds(3);

    private static final int KNOWN = 10_000;

    /** An older owner is not returned while a load is under way: the key may have been revoked. */
    private static final RefreshingValue.Limits LIMITS =
            new RefreshingValue.Limits(BELIEVED, BELIEVED, Duration.ZERO, Duration.ofSeconds(10));

    /** When everybody comes back at once, as after the death of a node, their keys are looked up together. */
    private static final Batch.Limits TOGETHER = new Batch.Limits(500, 2, Duration.ofSeconds(3));

    private final Vertx vertx;
    private final Database database;
    private final LongSupplier nanoClock;
    private final Cache<String, RefreshingValue<Optional<Caller>>> known;
    private final Batch<String, Optional<Caller>> lookups =
            new Batch<>(TOGETHER, this::find, error -> false, System::nanoTime);

    public KeyRing(Vertx vertx, Database database, Ticker clock) {
        this.vertx = vertx;
        this.database = database;
        this.nanoClock = clock::read;
        this.known = Caffeine.newBuilder()
                .expireAfterAccess(BELIEVED)
                .maximumSize(KNOWN)
                .ticker(clock)
                // On the thread that stores: there is little to do, and no pool of others is to do it.
                .executor(Runnable::run)
                .build();
    }

    /**
     * Completes on the caller's context, at once if it is known, with whose key it is; empty when it is nobody's, or not any
     * more. Fails when the database cannot be asked.
     */
    public Future<Optional<Caller>> ownerOf(ApiKey key) {
        String hash = key.hash();
        // Makes the value alone: what is loaded is loaded outside of the cache.
        return known.get(hash, one -> new RefreshingValue<>(vertx, () -> lookups.add(one), LIMITS, nanoClock))
                .get();
    }

    /** Of these hashes those whose keys still open the door. Asks the database, whatever is believed. */
    Future<Set<String>> stillKeys(Collection<String> hashes) {
        return owners(hashes).map(Map::keySet);
    }

    private Future<List<Optional<Caller>>> find(List<String> hashes) {
        return owners(hashes)
                .map(owners -> hashes.stream()
                        .map(hash -> Optional.ofNullable(owners.get(hash)))
                        .toList());
    }

    private Future<Map<String, Caller>> owners(Collection<String> hashes) {
        return database.client()
                .preparedQuery(AccessSql.FIND)
                .execute(Tuple.tuple().addArrayOfString(hashes.toArray(String[]::new)))
                .map(rows -> {
                    Map<String, Caller> owners = new HashMap<>();
                    for (Row row : rows) {
                        owners.put(
                                row.getString("hash"),
                                new Caller(row.getString("user_id"), Role.of(row.getString("role"))));
                    }
                    return owners;
                });
    }
}
