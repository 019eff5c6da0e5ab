package dev.darkroom.api.generation;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.auth.ImageUrlSigner;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Caches the encoded responses of finished generations, which do not change until they are deleted. Each deletion, in this
 * process or another, empties the cache. Entries expire after {@link #TIME_TO_LIVE}, since the event of another process may
 * get lost. Shared by the HTTP verticles of a process. Thread-safe.
 */
public final class FinishedGenerationCache {
    /**
     * Longest time for which a deleted generation may still be returned, when retention deleted it or when the deletion event of
     * another process got lost.
     */
    static final Duration TIME_TO_LIVE = Duration.ofSeconds(60);

    private static final long MAX_BYTES = 32L * 1024 * 1024;

    /** Approximate memory of an entry without its body. */
    private static final int ENTRY_OVERHEAD_BYTES = 400;

    private final AtomicLong invalidations = new AtomicLong();
    private final Cache<String, CachedResponse> responses;

    public FinishedGenerationCache(Ticker clock) {
        responses = Caffeine.newBuilder()
                .expireAfterWrite(TIME_TO_LIVE)
                .maximumWeight(MAX_BYTES)
                .weigher((String id, CachedResponse response) -> response.bytes.length + ENTRY_OVERHEAD_BYTES)
                .ticker(clock)
                .executor(Runnable::run)
                .build();
    }

    /**
     * A response that was sent. Instances are never compared, so the array component is safe.
     *
     * @param user the owner of the generation
     * @param querySigner signed the image URLs in the body; null when there are none
     */
    @SuppressWarnings("ArrayRecordComponent")
    record CachedResponse(String user, ImageUrlSigner.QuerySigner querySigner, String etag, byte[] bytes) {}

    /** Returns null when the cache has no response for the generation, or when another user owns it. */
    CachedResponse find(String id, String user) {
        CachedResponse found = responses.getIfPresent(id);
        return found != null && found.user.equals(user) ? found : null;
    }

    /** Read this before reading the generation, and pass it to {@link #put}. */
    long invalidationCount() {
        return invalidations.get();
    }

    /**
     * Caches a response, unless a generation was deleted since.
     *
     * @param invalidationCount returned by {@link #invalidationCount} before the generation was read
     */
    void put(String id, CachedResponse response, long invalidationCount) {
        responses.put(id, response);
        // Compares after the put: a concurrent invalidation either removes the entry or is seen here.
        if (invalidations.get() != invalidationCount) {
            responses.invalidate(id);
        }
    }

    /** Empties the cache. Called after each deletion of a generation. */
    public void invalidateAll() {
        invalidations.incrementAndGet();
        responses.invalidateAll();
    }
}
