package dev.darkroom.api.notification;

import java.util.HashMap;
import java.util.Map;

/** Limits the WebSockets of one verticle that are not authenticated yet. Confined to the event loop of the verticle. */
final class UnauthenticatedSocketLimiter {
    private static final int MAX_SOCKETS = 400;
    private static final int MAX_PER_ADDRESS = 100;

    private final Map<String, Integer> countsByAddress = new HashMap<>();
    private int openSockets;

    /**
     * Acquires a slot.
     *
     * @param address key of the client address
     * @return releases the slot, must run once; null when a limit is reached
     */
    Runnable acquire(String address) {
        int countOfAddress = countsByAddress.getOrDefault(address, 0);
        if (openSockets >= MAX_SOCKETS || countOfAddress >= MAX_PER_ADDRESS) {
            return null;
        }
        openSockets++;
        countsByAddress.put(address, countOfAddress + 1);
        return () -> {
            openSockets--;
            countsByAddress.computeIfPresent(address, (key, count) -> count == 1 ? null : count - 1);
        };
    }
}
