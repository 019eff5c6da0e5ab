package dev.darkroom.api.generation;

import java.util.HashMap;
import java.util.Map;

/**
 * Limits the concurrent image downloads: each keeps a file open until the client has received it. One per process, shared by its
 * HTTP verticles. Thread-safe.
 */
public final class OpenImageLimiter {
    private static final int HOLDER_SHARE_DIVISOR = 4;
    private static final int LINK_SHARE_DIVISOR = 8;

    private final int maxOpen;

    // Guarded by this.
    private final Map<String, Integer> counts = new HashMap<>();
    private int openCount;

    /** @param maxOpen limit of the process */
    public OpenImageLimiter(int maxOpen) {
        this.maxOpen = maxOpen;
    }

    /**
     * Acquires a slot for an authenticated user. A user may hold a quarter of all slots.
     *
     * @return releases the slot, must run once; null when no slot is free
     */
    public Runnable acquireForUser(String user) {
        return acquire("user " + user, share(HOLDER_SHARE_DIVISOR), null, 0);
    }

    /**
     * Acquires a slot for a signed URL. An address may hold a quarter of all slots, an image an eighth.
     *
     * @return releases the slot, must run once; null when no slot is free
     */
    Runnable acquireForLink(String address, String imageName) {
        return acquire(
                "address " + address, share(HOLDER_SHARE_DIVISOR), "link " + imageName, share(LINK_SHARE_DIVISOR));
    }

    /** Returns the number of open images. */
    synchronized int openCount() {
        return openCount;
    }

    private int share(int parts) {
        return Math.max(1, maxOpen / parts);
    }

    private synchronized Runnable acquire(String holder, int maxOfHolder, String link, int maxOfLink) {
        if (openCount >= maxOpen
                || counts.getOrDefault(holder, 0) >= maxOfHolder
                || link != null && counts.getOrDefault(link, 0) >= maxOfLink) {
            return null;
        }
        openCount++;
        adjustCount(holder, 1);
        if (link != null) {
            adjustCount(link, 1);
        }
        return () -> release(holder, link);
    }

    private synchronized void release(String holder, String link) {
        openCount--;
        adjustCount(holder, -1);
        if (link != null) {
            adjustCount(link, -1);
        }
    }

    private void adjustCount(String key, int change) {
        counts.merge(key, change, (count, added) -> count + added == 0 ? null : count + added);
    }
}
