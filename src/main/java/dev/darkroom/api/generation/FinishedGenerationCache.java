package dev.darkroom.api.generation;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.auth.ImageUrlSigner;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What was told of generations that have ended, to tell it again without asking anybody: they never change, until they are deleted.
 * All is forgotten when something is deleted, here or by another process, and at the latest after {@link #TIME_TO_LIVE}, since a hint may
 * get lost. Shared by the HTTP verticles of a process; thread-safe.
 */
public final class FinishedGenerationCache {
    /** So long one may be told of that another process, whose hint got lost, or housekeeping has deleted. */
    static final Duration TIME_TO_LIVE = Duration.ofSeconds(60);

    private static final long MAX_BYTES = 32L * 1024 * 1024;

    /** What an entry takes beside its bytes, roughly. */
    private static final int ENTRY_OVERHEAD_BYTES = 400;

    private final AtomicLong invalidations = new AtomicLong();
    private final Cache<String, CachedResponse> responses;

    public FinishedGenerationCache(Ticker clock) {
        responses = Caffeine.newBuilder()
                .expireAfterWrite(TIME_TO_LIVE)
                .maximumWeight(MAX_BYTES)
                .weigher((String id, CachedResponse one) -> one.bytes.length + ENTRY_OVERHEAD_BYTES)
                .ticker(clock)
                .executor(Runnable::run)
                .build();
    }

    /**
     * An answer that was given. Not compared with another, so the array does no harm.
     *
     * @param user whose generation it is
     * @param querySigner who signed its links, null where it has none
     */
    @SuppressWarnings("ArrayRecordComponent")
    record CachedResponse(String user, ImageUrlSigner.QuerySigner querySigner, String etag, byte[] bytes) {}

    /** Null when there is none, or it is not this user's. */
    CachedResponse find(String id, String user) {
        CachedResponse found = responses.getIfPresent(id);
        return found != null && found.user.equals(user) ? found : null;
    }

    /** To be asked before the generation is read, and given back with what was told. */
    long invalidationCount() {
        return invalidations.get();
    }

    /** Keeps an answer, unless something was deleted since. */
    void put(String id, CachedResponse answer, long since) {
        responses.put(id, answer);
        // Looked at afterwards: whoever deletes in between either finds it, or is seen here.
        if (invalidations.get() != since) {
            responses.invalidate(id);
        }
    }

    /** Something was deleted. */
    public void invalidateAll() {
        invalidations.incrementAndGet();
        responses.invalidateAll();
    }
}
