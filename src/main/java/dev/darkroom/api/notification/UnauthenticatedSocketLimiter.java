package dev.darkroom.api.notification;

import java.util.HashMap;
import java.util.Map;

/** Limits the sockets of one verticle whose users are not known yet. For its event loop. */
final class UnauthenticatedSocketLimiter {
    private static final int MAX_SOCKETS = 400;
    private static final int MAX_PER_ADDRESS = 100;

    private final Map<String, Integer> countsByAddress = new HashMap<>();
    private int openSockets;

    /**
     * Takes a place.
     *
     * @return releases the place, once; null when there is none
     */
    Runnable acquire(String address) {
        int ofAddress = countsByAddress.getOrDefault(address, 0);
        if (openSockets >= MAX_SOCKETS || ofAddress >= MAX_PER_ADDRESS) {
            return null;
        }
        openSockets++;
        countsByAddress.put(address, ofAddress + 1);
        return () -> {
            openSockets--;
            countsByAddress.computeIfPresent(address, (name, count) -> count == 1 ? null : count - 1);
        };
    }
}
