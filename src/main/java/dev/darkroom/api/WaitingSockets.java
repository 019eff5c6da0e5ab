package dev.darkroom.api;

import java.util.HashMap;
import java.util.Map;

/** Limits the sockets of one verticle whose users are not known yet. For its event loop. */
final class WaitingSockets {
    private static final int MOST = 400;
    private static final int MOST_PER_ADDRESS = 100;

    private final Map<String, Integer> byAddress = new HashMap<>();
    private int waiting;

    /**
     * Takes a place.
     *
     * @return releases the place, once; null when there is none
     */
    Runnable take(String address) {
        int ofAddress = byAddress.getOrDefault(address, 0);
        if (waiting >= MOST || ofAddress >= MOST_PER_ADDRESS) {
            return null;
        }
        waiting++;
        byAddress.put(address, ofAddress + 1);
        return () -> {
            waiting--;
            byAddress.computeIfPresent(address, (name, count) -> count == 1 ? null : count - 1);
        };
    }
}
