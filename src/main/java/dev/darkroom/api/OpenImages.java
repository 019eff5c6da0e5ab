package dev.darkroom.api;

import java.util.HashMap;
import java.util.Map;

/**
 * Limits the images that are open at once to be sent: each is a file, and stays open until its reader has it. One per process, shared by
 * its HTTP verticles. Thread-safe.
 */
public final class OpenImages {
    private static final int PARTS_OF_A_HOLDER = 4;
    private static final int PARTS_OF_A_LINK = 8;

    private final int most;

    // Guarded by this.
    private final Map<String, Integer> counts = new HashMap<>();
    private int open;

    /** @param most in this process */
    public OpenImages(int most) {
        this.most = most;
    }

    /**
     * Takes a place for an image of a known user, of whom there may be a quarter of all.
     *
     * @return releases the place, once; null when there is none
     */
    Runnable takeForUser(String user) {
        return take("user " + user, share(PARTS_OF_A_HOLDER), null, 0);
    }

    /** Takes a place for a signed link, likewise: a quarter for an address, and an eighth for a link. */
    Runnable takeForLink(String address, String imageName) {
        return take("address " + address, share(PARTS_OF_A_HOLDER), "link " + imageName, share(PARTS_OF_A_LINK));
    }

    /** Returns the number of open images. */
    synchronized int open() {
        return open;
    }

    private int share(int parts) {
        return Math.max(1, most / parts);
    }

    private synchronized Runnable take(String holder, int ofHolder, String link, int ofLink) {
        if (open >= most
                || counts.getOrDefault(holder, 0) >= ofHolder
                || link != null && counts.getOrDefault(link, 0) >= ofLink) {
            return null;
        }
        open++;
        count(holder, 1);
        if (link != null) {
            count(link, 1);
        }
        return () -> release(holder, link);
    }

    private synchronized void release(String holder, String link) {
        open--;
        count(holder, -1);
        if (link != null) {
            count(link, -1);
        }
    }

    private void count(String name, int change) {
        counts.merge(name, change, (before, more) -> before + more == 0 ? null : before + more);
    }
}
