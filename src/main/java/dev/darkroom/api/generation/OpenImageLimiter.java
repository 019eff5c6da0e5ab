package dev.darkroom.api.generation;

import java.util.HashMap;
import java.util.Map;

/**
 * Limits the images that are open at once to be sent: each is a file, and stays open until its reader has it. One per process, shared by
 * its HTTP verticles. Thread-safe.
 */
public final class OpenImageLimiter {
    private static final int HOLDER_SHARE_DIVISOR = 4;
    private static final int LINK_SHARE_DIVISOR = 8;

    private final int maxOpen;

    // Guarded by this.
    private final Map<String, Integer> counts = new HashMap<>();
    private int openCount;

    /** @param most in this process */
    public OpenImageLimiter(int most) {
        this.maxOpen = most;
    }

    /**
     * Takes a place for an image of a known user, of whom there may be a quarter of all.
     *
     * @return releases the place, once; null when there is none
     */
    Runnable acquireForUser(String user) {
        return acquire("user " + user, share(HOLDER_SHARE_DIVISOR), null, 0);
    }

    /** Takes a place for a signed link, likewise: a quarter for an address, and an eighth for a link. */
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

    private synchronized Runnable acquire(String holder, int ofHolder, String link, int ofLink) {
        if (openCount >= maxOpen
                || counts.getOrDefault(holder, 0) >= ofHolder
                || link != null && counts.getOrDefault(link, 0) >= ofLink) {
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

    private void adjustCount(String name, int change) {
        counts.merge(name, change, (before, more) -> before + more == 0 ? null : before + more);
    }
}
