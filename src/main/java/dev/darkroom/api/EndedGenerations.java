package dev.darkroom.api;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.access.PictureLinks;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What was told of generations that have ended, to tell it again without asking anybody: they never change, until they are deleted.
 * All is forgotten when something is deleted, here or by another process, and at the latest after {@link #BELIEVED}, since a hint may
 * get lost. Shared by the HTTP verticles of a process; thread-safe.
 */
public final class EndedGenerations {
    /** So long one may be told of that another process, whose hint got lost, or housekeeping has deleted. */
    static final Duration BELIEVED = Duration.ofSeconds(60);

    private static final long BYTES = 32L * 1024 * 1024;

    /** What an entry takes beside its bytes, roughly. */
    private static final int OVERHEAD = 400;

    private final AtomicLong forgotten = new AtomicLong();
    private final Cache<String, Kept> kept;

    public EndedGenerations(Ticker clock) {
        kept = Caffeine.newBuilder()
                .expireAfterWrite(BELIEVED)
                .maximumWeight(BYTES)
                .weigher((String id, Kept one) -> one.bytes.length + OVERHEAD)
                .ticker(clock)
                .executor(Runnable::run)
                .build();
    }

    /**
     * An answer that was given. Not compared with another, so the array does no harm.
     *
     * @param user whose generation it is
     * @param signer who signed its links, null where it has none
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Kept(String user, PictureLinks.Signer signer, String etag, byte[] bytes) {}

    /** Null when there is none, or it is not this user's. */
    Kept find(String id, String user) {
        Kept found = kept.getIfPresent(id);
        return found != null && found.user.equals(user) ? found : null;
    }

    /** To be asked before the generation is read, and given back with what was told. */
    long now() {
        return forgotten.get();
    }

    /** Keeps an answer, unless something was deleted since. */
    void keep(String id, Kept answer, long since) {
        kept.put(id, answer);
        // Looked at afterwards: whoever deletes in between either finds it, or is seen here.
        if (forgotten.get() != since) {
            kept.invalidate(id);
        }
    }

    /** Something was deleted. */
    void forget() {
        forgotten.incrementAndGet();
        kept.invalidateAll();
    }
}
